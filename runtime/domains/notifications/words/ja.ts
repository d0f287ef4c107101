/** Messages in Japanese. */
import type { Words } from './index.ts';

const HELLO = '{{#if recipient.name}}{{recipient.name}} 様{{else}}お客様{{/if}}';

export const ja: Words = {
  frame: {
    total: '合計',
    because: 'このメールは次のショップでのご注文またはアカウントに関するお知らせです：',
    unsubscribe: '配信停止',
    preferences: '配信設定',
  },
  messages: {
    'accounts.welcome': {
      subject: '{{shop.name}}へようこそ',
      lines: [HELLO, '{{shop.name}}のアカウントをご用意しました。ご注文とお届け先をご確認いただけます。'],
      button: 'アカウント',
    },
    'accounts.registration': {
      subject: '{{shop.name}}のアカウント開設',
      lines: [
        HELLO,
        'このメールアドレスで{{shop.name}}のアカウント開設が申し込まれました。リンクからパスワードを設定すると開設されます。リンクは1日間、1回だけ有効です。お心当たりがない場合は、何もする必要はありません。アカウントは作成されません。',
      ],
      button: 'パスワードを設定する',
    },
    'accounts.known': {
      subject: '{{shop.name}}のアカウントをお持ちです',
      lines: [
        HELLO,
        'このメールアドレスで{{shop.name}}のアカウント開設が申し込まれましたが、すでにアカウントをお持ちです。そのままログインしてください。パスワードをお忘れの場合は、リンクから再設定できます。リンクは1時間、1回だけ有効です。お心当たりがない場合は、何もする必要はありません。',
      ],
      button: '新しいパスワード',
    },
    'accounts.reset': {
      subject: '{{shop.name}} の新しいパスワード',
      lines: [
        HELLO,
        '{{shop.name}} のアカウントに新しいパスワードの設定が申し込まれました。リンクは1時間、1回のみ有効です。お心当たりがない場合は、何もしないでください。パスワードは変わりません。',
      ],
      button: '新しいパスワード',
    },
    'accounts.erasure': {
      subject: '{{shop.name}} からの削除のご希望を承りました',
      lines: [
        HELLO,
        'お客様のデータ削除のご希望を承りました。遅くとも {{due}} までに削除します。アカウント、住所、お気に入り、メッセージ、レビューの文章が削除されます。ご注文とお支払いの記録は、法律に従い、お名前・住所・メールアドレスを除いた形で帳簿に残ります。お心当たりがない場合や、取り消される場合は、リンクからお手続きください。',
      ],
      button: 'お客様のデータ',
    },
    'accounts.erased': {
      subject: '{{shop.name}} のお客様データを削除しました',
      lines: [
        HELLO,
        'これが最後のメールです。{{shop.name}} にあるお客様のデータを削除しています。アカウント、住所、お気に入り、メッセージ、レビューの文章が削除されます。ご注文とお支払いの記録は、お名前・住所・メールアドレスを除いた形で帳簿に残ります。バックアップに残るデータも、一定期間後に削除されます。ご利用ありがとうございました。',
      ],
    },
    'accounts.signed_out': {
      subject: '{{shop.name}} のすべての端末からログアウトしました',
      lines: [
        HELLO,
        'お客様、またはお客様の端末を使った方の操作により、{{shop.name}} のアカウントが、すべての端末と、このアカウントでログインしていたすべてのアプリからログアウトされました。必要な端末で、もう一度ログインしてください。お心当たりがない場合は、リンクから新しいパスワードを設定してください。',
      ],
      button: '新しいパスワード',
    },
    'accounts.password': {
      subject: '{{shop.name}} のパスワードが変更されました',
      lines: [
        HELLO,
        '{{shop.name}} のアカウントのパスワードが変更され、それまでにログインしていた端末はログアウトされました。お心当たりがない場合は、リンクから新しいパスワードを設定してください。',
      ],
      button: '新しいパスワード',
    },
    'staff.password': {
      subject: '{{shop.name}} のパスワードが変更されました',
      lines: [
        HELLO,
        '{{shop.name}} のスタッフとしてログインするためのパスワードが変更されました。お心当たりがない場合は、新しいパスワードを設定し、ショップの責任者にお知らせください。',
      ],
    },
    'staff.signed_out': {
      subject: '{{shop.name}} のすべての端末からログアウトしました',
      lines: [
        HELLO,
        'ご本人、またはご本人の端末を使った方の操作により、{{shop.name}} のスタッフとしてのログインが、すべての端末で終了しました。必要な端末で、もう一度ログインしてください。お心当たりがない場合は、新しいパスワードを設定し、ショップの責任者にお知らせください。',
      ],
    },
    'staff.invitation': {
      subject: '{{shop.name}} の運営への招待',
      lines: [HELLO, '{{shop.name}} の運営メンバーに招待されました。リンクは1週間、1回のみ有効です。'],
      button: '参加する',
    },
    'companies.invitation': {
      subject: '{{shop.name}} で {{company}} として購入する招待',
      lines: [
        HELLO,
        '{{shop.name}} で {{company}} として購入するよう招待されました。リンクは1週間、1回のみ有効です。',
      ],
      button: '承諾する',
    },
    'companies.approved': {
      subject: '{{company}} の法人アカウントが開設されました',
      lines: [
        HELLO,
        '{{shop.name}} での {{company}} の法人アカウントをご利用いただけます。購入担当の方をご招待ください。',
      ],
      button: '会社を見る',
    },
    'companies.approval': {
      subject: '{{buyer}} 様の購入の承認依頼：{{total}}',
      lines: [
        HELLO,
        '{{buyer}} 様が {{shop.name}} で {{company}} として {{total}} の購入を希望しています。{{#if words}}{{words}}{{/if}}',
      ],
      button: '承認または却下',
    },
    'companies.granted': {
      subject: '購入が承認されました：{{total}}',
      lines: [
        HELLO,
        '{{shop.name}} での {{total}} の購入が承認されました。{{#if words}}{{words}}{{/if}} ご購入手続きにお進みください。カートを変更すると、再度承認が必要です。',
      ],
      button: '手続きに進む',
    },
    'companies.declined': {
      subject: '購入が承認されませんでした：{{total}}',
      lines: [
        HELLO,
        '{{shop.name}} での {{total}} の購入は承認されませんでした。{{#if words}}{{words}}{{/if}}',
      ],
      button: '確認する',
    },
    'orders.confirmed': {
      subject: 'ご注文 {{number}}',
      lines: [HELLO, '{{placedAt}}のご注文 {{number}} を承りました。発送しましたらお知らせいたします。'],
      button: 'ご注文を見る',
      short: 'ご注文 {{number}} を承りました。{{total}}',
    },
    'orders.paid': {
      subject: 'ご注文 {{number}} のお支払いを確認しました',
      lines: [HELLO, 'ご注文 {{number}} のお支払い {{amount}} を{{at}}に確認いたしました。'],
      button: 'ご注文を見る',
    },
    'orders.shipped': {
      subject: 'ご注文 {{number}} を発送しました',
      lines: [
        HELLO,
        'ご注文 {{number}} のお荷物を発送いたしました。{{#if tracking}} お問い合わせ番号：{{tracking}}{{/if}}{{#if follow}} {{follow}}{{/if}}',
      ],
      button: 'ご注文を見る',
      short: 'ご注文 {{number}} を発送しました。',
    },
    'orders.refunded': {
      subject: 'ご注文 {{number}} の返金',
      lines: [
        HELLO,
        'ご注文 {{number}} の {{total}} のうち、これまでに {{refunded}} を返金いたしました。数日中に反映されます。',
      ],
      button: 'ご注文を見る',
      short: 'ご注文 {{number}}：{{refunded}} を返金しました。',
    },
    'orders.cancelled': {
      subject: 'ご注文 {{number}} をキャンセルしました',
      lines: [
        HELLO,
        'ご注文 {{number}} をキャンセルいたしました。{{#if reason}}{{reason}}{{/if}} お支払い済みの金額は返金いたします。',
      ],
      button: 'ご注文を見る',
      short: 'ご注文 {{number}} をキャンセルしました。',
    },
    'orders.edited': {
      subject: 'ご注文 {{number}} の変更',
      lines: [
        HELLO,
        'ご注文 {{number}} を変更いたしました。{{#if words}}{{words}} {{/if}}合計は {{total}} です。{{#if owed}}お支払いの残り {{owed}} は、お客様専用のリンクからお願いいたします。{{/if}}',
      ],
      button: 'ご注文を見る',
    },
    'orders.exchange': {
      subject: 'ご注文 {{number}} の交換',
      lines: [
        HELLO,
        'ご注文 {{number}} の交換を承りました。{{#if words}}{{words}} {{/if}}{{#if owed}}差額 {{owed}} は、お客様専用のリンクからお支払いください。{{/if}}{{#if back}}お品物の到着後、{{back}} を返金いたします。{{/if}}お届けする商品：',
      ],
      button: 'ご注文を見る',
    },
    'orders.offer': {
      subject: 'お見積り {{number}}',
      lines: [
        HELLO,
        'お見積り {{number}} は {{total}}、有効期限は {{validUntil}} です。{{#if words}}{{words}} {{/if}}お客様専用のリンクからご承諾とお支払いができます。',
      ],
      button: 'お見積りを見る',
    },
    'orders.message': {
      subject: '{{number}} について',
      lines: [HELLO, '{{number}} についてご連絡いたします。{{words}}'],
      button: '返信する',
    },
    'marketing.cart': {
      subject: 'カートに商品が残っています',
      lines: [HELLO, 'こちらの商品がお待ちしております。'],
      button: 'カートに戻る',
      short: 'カートに商品が残っています。',
    },
    'marketing.campaign': {
      subject: '{{title}}',
      lines: [HELLO],
      button: '{{label}}',
      short: '{{title}} {{link}}',
    },
    'reviews.request': {
      subject: '商品はいかがでしたか',
      lines: [
        HELLO,
        '先日お届けしたご注文 {{number}} の商品はいかがでしたか。ほかのお客様のために、ひとことでもご感想をお聞かせください。',
      ],
    },
    'wishes.back': {
      subject: 'お気に入りの商品が再入荷しました',
      lines: [HELLO, 'お気に入りの商品が再入荷しました。'],
      button: 'ショップを見る',
      short: 'お気に入りの商品が再入荷しました。',
    },
    'wishes.cheaper': {
      subject: 'お気に入りの商品が値下げされました',
      lines: [HELLO, 'お気に入りの商品が以前よりお求めやすくなりました。'],
      button: 'ショップを見る',
      short: 'お気に入りの商品が値下げされました。',
    },
    'alerts.confirm': {
      subject: '{{product}} の再入荷をお知らせしますか',
      lines: [
        HELLO,
        '{{shop.name}}で、{{product}} の再入荷をこのメールアドレスに知らせるよう申し込まれました。ご本人の場合は、リンクからご確認ください。リンクは2日間有効です。お心当たりがない場合は、何もする必要はありません。',
      ],
      button: '知らせてほしい',
    },
    'alerts.back': {
      subject: '{{product}} が再入荷しました',
      lines: [
        HELLO,
        '{{shop.name}}に {{product}} が再入荷しました。お申し込みにより、1回だけお知らせしています。',
      ],
      button: '商品を見る',
    },
    'merchant.order': {
      subject: '新しいご注文 {{number}}：{{total}}',
      lines: ['{{shop.name}}に新しいご注文 {{number}} がありました。'],
      button: '注文を見る',
    },
    'merchant.quote': {
      subject: '見積依頼 {{number}}：{{email}}',
      lines: [
        '{{email}} 様から {{shop.name}} の見積り {{number}} についてお問い合わせがありました。{{#if words}}{{words}}{{/if}}',
      ],
    },
    'merchant.company': {
      subject: '法人アカウントの申請：{{company}}',
      lines: [
        '{{company}}（{{country}}{{#if taxId}}、{{taxId}}{{/if}}）から {{shop.name}} の法人アカウントの申請がありました。',
      ],
    },
    'merchant.review': {
      subject: '{{product}} の新しいレビュー：5段階中 {{rating}}',
      lines: ['{{product}} に星 {{rating}}（5段階）のレビューが投稿され、確認を待っています。'],
    },
    'merchant.dispute': {
      subject: '異議申し立て：ご注文 {{number}} の {{amount}}',
      lines: [
        'ご注文 {{number}} について、銀行が {{amount}} の返還を求めています。期限がありますので、決済会社でご対応ください。',
      ],
      button: '注文を見る',
    },
    'merchant.refund_failed': {
      subject: '返金が戻りました：ご注文 {{number}} の {{amount}}',
      lines: [
        'ご注文 {{number}} の返金 {{amount}} は、カードの解約などのため届きませんでした。お金は店舗に戻っています。もう一度返金するか、お客様に受け取り方法をお尋ねください。',
      ],
      button: '注文を見る',
    },
    'merchant.webhook': {
      subject: '停止しました：{{receiver}} へのWebhook',
      lines: [
        '{{receiver}}{{#if description}}（{{description}}）{{/if}}が {{since}} から{{shop.name}}のイベントを受け取っていないため、通知を停止しました。',
        'イベントは一週間保管されます。配信ログで応答をご確認のうえ、再び有効にすると送信されます。',
      ],
    },
    digest: { subject: '{{shop.name}}からのお知らせ', lines: [HELLO, '昨日からのお知らせです。'] },
    'contact.code': { subject: '{{code}}', lines: [], short: '確認コードは {{code}} です。10分間有効です。' },
  },
};
