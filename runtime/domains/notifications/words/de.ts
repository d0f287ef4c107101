/** Messages in German. */
import type { Words } from './index.ts';

const HELLO = 'Guten Tag{{#if recipient.name}} {{recipient.name}}{{/if}},';

export const de: Words = {
  frame: {
    total: 'Summe',
    because: 'Sie erhalten diese Nachricht wegen Ihrer Bestellung oder Ihres Kontos bei',
    unsubscribe: 'Abbestellen',
    preferences: 'Einstellungen',
  },
  messages: {
    'accounts.welcome': {
      subject: 'Willkommen bei {{shop.name}}',
      lines: [
        HELLO,
        'Ihr Konto bei {{shop.name}} ist eingerichtet. Sie finden dort Ihre Bestellungen und Adressen.',
      ],
      button: 'Ihr Konto',
    },
    'accounts.registration': {
      subject: 'Ihr Konto bei {{shop.name}}',
      lines: [
        HELLO,
        'mit dieser Adresse wurde ein Konto bei {{shop.name}} beantragt. Wählen Sie über den Link ein Passwort, und es ist eingerichtet. Der Link gilt einen Tag lang, ein Mal. Waren Sie es nicht, tun Sie nichts: Dann gibt es kein Konto.',
      ],
      button: 'Passwort wählen',
    },
    'accounts.known': {
      subject: 'Sie haben ein Konto bei {{shop.name}}',
      lines: [
        HELLO,
        'mit dieser Adresse wurde ein Konto bei {{shop.name}} beantragt, und Sie haben schon eins. Melden Sie sich einfach an. Wissen Sie Ihr Passwort nicht mehr, setzen Sie über den Link ein neues; er gilt eine Stunde lang, ein Mal. Waren Sie es nicht, tun Sie nichts.',
      ],
      button: 'Neues Passwort',
    },
    'accounts.reset': {
      subject: 'Ein neues Passwort für {{shop.name}}',
      lines: [
        HELLO,
        'für Ihr Konto bei {{shop.name}} wurde ein neues Passwort angefordert. Der Link gilt eine Stunde lang, ein Mal. Waren Sie es nicht, tun Sie nichts: Das Passwort bleibt, wie es ist.',
      ],
      button: 'Neues Passwort',
    },
    'accounts.erasure': {
      subject: 'Sie möchten von {{shop.name}} vergessen werden',
      lines: [
        HELLO,
        'wir haben Ihren Wunsch, vergessen zu werden. Das geschieht spätestens bis {{due}}. Ihr Konto, Ihre Adressen, Wunschlisten und Nachrichten und die Worte Ihrer Bewertungen verschwinden dann. Was Sie bestellt und bezahlt haben, bleibt für die Buchhaltung, wie es das Gesetz verlangt, ohne Ihren Namen, Ihre Anschrift und E-Mail-Adresse. Waren Sie es nicht, oder überlegen Sie es sich anders, nehmen Sie es über den Link zurück.',
      ],
      button: 'Ihre Daten',
    },
    'accounts.erased': {
      subject: '{{shop.name}} hat Sie vergessen',
      lines: [
        HELLO,
        'das ist unsere letzte Nachricht: Ihre Daten bei {{shop.name}} werden gerade gelöscht. Ihr Konto, Ihre Adressen, Wunschlisten und Nachrichten und die Worte Ihrer Bewertungen verschwinden; was Sie bestellt und bezahlt haben, bleibt für die Buchhaltung, ohne Ihren Namen, Ihre Anschrift und E-Mail-Adresse. Sicherungen, in denen sie noch stehen, werden nach einiger Zeit entfernt. Danke, dass Sie bei uns waren.',
      ],
    },
    'accounts.signed_out': {
      subject: 'Sie sind bei {{shop.name}} überall abgemeldet',
      lines: [
        HELLO,
        'Sie oder jemand an einem Ihrer Geräte hat Ihr Konto bei {{shop.name}} überall abgemeldet: auf jedem Gerät und in jeder App, in der Sie damit angemeldet waren. Melden Sie sich wieder an, wo Sie möchten. Waren Sie es nicht, wählen Sie über den Link ein neues Passwort.',
      ],
      button: 'Neues Passwort',
    },
    'accounts.password': {
      subject: 'Ihr Passwort für {{shop.name}} wurde geändert',
      lines: [
        HELLO,
        'das Passwort Ihres Kontos bei {{shop.name}} ist jetzt ein anderes, und wer vorher damit angemeldet war, ist abgemeldet. Waren Sie es nicht, wählen Sie über den Link ein neues.',
      ],
      button: 'Neues Passwort',
    },
    'staff.password': {
      subject: 'Ihr Passwort für {{shop.name}} wurde geändert',
      lines: [
        HELLO,
        'das Passwort, mit dem Sie sich als Mitarbeiter bei {{shop.name}} anmelden, ist jetzt ein anderes. Waren Sie es nicht, wählen Sie ein neues, und sagen Sie es der Leitung des Shops.',
      ],
    },
    'staff.signed_out': {
      subject: 'Sie sind bei {{shop.name}} überall abgemeldet',
      lines: [
        HELLO,
        'Sie oder jemand an einem Ihrer Geräte hat Ihren Mitarbeiterzugang bei {{shop.name}} überall abgemeldet. Melden Sie sich wieder an, wo Sie möchten. Waren Sie es nicht, wählen Sie ein neues Passwort, und sagen Sie es der Leitung des Shops.',
      ],
    },
    'staff.invitation': {
      subject: 'Führen Sie {{shop.name}} mit',
      lines: [
        HELLO,
        'Sie wurden eingeladen, {{shop.name}} mitzuführen. Der Link gilt eine Woche lang, ein Mal.',
      ],
      button: 'Annehmen',
    },
    'companies.invitation': {
      subject: 'Einkaufen für {{company}} bei {{shop.name}}',
      lines: [
        HELLO,
        'Sie wurden eingeladen, bei {{shop.name}} für {{company}} einzukaufen. Der Link gilt eine Woche lang, ein Mal.',
      ],
      button: 'Annehmen',
    },
    'companies.approved': {
      subject: '{{company}} kann bei {{shop.name}} einkaufen',
      lines: [
        HELLO,
        'das Firmenkonto von {{company}} bei {{shop.name}} ist eingerichtet. Laden Sie ein, wer für Sie einkauft.',
      ],
      button: 'Ihre Firma',
    },
    'companies.approval': {
      subject: '{{buyer}} braucht Ihre Freigabe: {{total}}',
      lines: [
        HELLO,
        '{{buyer}} möchte bei {{shop.name}} für {{company}} einkaufen: {{total}}.{{#if words}} {{words}}{{/if}}',
      ],
      button: 'Freigeben oder ablehnen',
    },
    'companies.granted': {
      subject: 'Freigegeben: {{total}}',
      lines: [
        HELLO,
        'Ihr Einkauf bei {{shop.name}} ist freigegeben: {{total}}.{{#if words}} {{words}}{{/if}} Gehen Sie zur Kasse; ein geänderter Warenkorb braucht eine neue Freigabe.',
      ],
      button: 'Weiter',
    },
    'companies.declined': {
      subject: 'Nicht freigegeben: {{total}}',
      lines: [
        HELLO,
        'Ihr Einkauf bei {{shop.name}} wurde nicht freigegeben: {{total}}.{{#if words}} {{words}}{{/if}}',
      ],
      button: 'Ansehen',
    },
    'orders.confirmed': {
      subject: 'Ihre Bestellung {{number}}',
      lines: [
        HELLO,
        'vielen Dank für Ihre Bestellung {{number}} vom {{placedAt}}. Wir melden uns, sobald sie unterwegs ist.',
      ],
      button: 'Ihre Bestellung',
      short: 'Vielen Dank für Ihre Bestellung {{number}}: {{total}}.',
    },
    'orders.paid': {
      subject: 'Ihre Zahlung für Bestellung {{number}} ist da',
      lines: [HELLO, 'wir haben am {{at}} für Ihre Bestellung {{number}} {{amount}} erhalten.'],
      button: 'Ihre Bestellung',
    },
    'orders.shipped': {
      subject: 'Ihre Bestellung {{number}} ist unterwegs',
      lines: [
        HELLO,
        'ein Paket Ihrer Bestellung {{number}} hat unser Haus verlassen.{{#if tracking}} So können Sie es verfolgen: {{tracking}}{{/if}}{{#if follow}} {{follow}}{{/if}}',
      ],
      button: 'Ihre Bestellung',
      short: 'Ihre Bestellung {{number}} ist unterwegs.',
    },
    'orders.refunded': {
      subject: 'Eine Erstattung zu Ihrer Bestellung {{number}}',
      lines: [
        HELLO,
        'von den {{total}} Ihrer Bestellung {{number}} haben wir bisher {{refunded}} erstattet. Ihre Bank zeigt es in wenigen Tagen.',
      ],
      button: 'Ihre Bestellung',
      short: 'Bestellung {{number}}: {{refunded}} erstattet.',
    },
    'orders.cancelled': {
      subject: 'Ihre Bestellung {{number}} ist storniert',
      lines: [
        HELLO,
        'Ihre Bestellung {{number}} ist storniert.{{#if reason}} {{reason}}{{/if}} Was Sie gezahlt haben, wird erstattet.',
      ],
      button: 'Ihre Bestellung',
      short: 'Ihre Bestellung {{number}} ist storniert.',
    },
    'orders.edited': {
      subject: 'Ihre Bestellung {{number}} wurde geändert',
      lines: [
        HELLO,
        'wir haben Ihre Bestellung {{number}} geändert.{{#if words}} {{words}}{{/if}} Sie kommt jetzt auf {{total}}.{{#if owed}} Davon sind noch {{owed}} zu zahlen, über den Link, der nur für Sie ist.{{/if}}',
      ],
      button: 'Zur Bestellung',
    },
    'orders.exchange': {
      subject: 'Ihr Umtausch zur Bestellung {{number}}',
      lines: [
        HELLO,
        'der Umtausch zu Ihrer Bestellung {{number}} ist vereinbart.{{#if words}} {{words}}{{/if}}{{#if owed}} Dazu sind {{owed}} zu zahlen, über den Link, der nur für Sie ist.{{/if}}{{#if back}} {{back}} erhalten Sie zurück, sobald Ihre Ware bei uns ist.{{/if}} Das bekommen Sie:',
      ],
      button: 'Zur Bestellung',
    },
    'orders.offer': {
      subject: 'Unser Angebot {{number}}',
      lines: [
        HELLO,
        'unser Angebot {{number}} kommt auf {{total}} und gilt bis {{validUntil}}.{{#if words}} {{words}}{{/if}} Über den Link, der nur für Sie ist, nehmen Sie es an und bezahlen.',
      ],
      button: 'Zum Angebot',
    },
    'orders.message': {
      subject: 'Zu {{number}}',
      lines: [HELLO, 'wir möchten Ihnen zu {{number}} etwas sagen: {{words}}'],
      button: 'Antworten',
    },
    'marketing.cart': {
      subject: 'Sie haben etwas liegen lassen',
      lines: [HELLO, 'das wartet noch auf Sie:'],
      button: 'Zurück zum Warenkorb',
      short: 'In Ihrem Warenkorb wartet noch etwas auf Sie.',
    },
    'marketing.campaign': {
      subject: '{{title}}',
      lines: [HELLO],
      button: '{{label}}',
      short: '{{title}} {{link}}',
    },
    'reviews.request': {
      subject: 'Wie gefällt es Ihnen?',
      lines: [
        HELLO,
        'vor einigen Tagen kam Ihre Bestellung {{number}} an. Andere würden gern wissen, wie es Ihnen gefällt, und wir auch. Ein paar Worte genügen:',
      ],
    },
    'wishes.back': {
      subject: 'Wieder da: was Sie sich gemerkt haben',
      lines: [HELLO, 'das steht auf Ihrer Wunschliste und ist wieder da:'],
      button: 'Zum Shop',
      short: 'Etwas von Ihrer Wunschliste ist wieder da.',
    },
    'wishes.cheaper': {
      subject: 'Jetzt günstiger',
      lines: [HELLO, 'das steht auf Ihrer Wunschliste und kostet weniger als zuvor:'],
      button: 'Zum Shop',
      short: 'Etwas von Ihrer Wunschliste ist günstiger geworden.',
    },
    'alerts.confirm': {
      subject: 'Sollen wir Ihnen sagen, wenn {{product}} wieder da ist?',
      lines: [
        HELLO,
        'bei {{shop.name}} wurde gebeten, es an diese Adresse zu melden, wenn {{product}} wieder da ist. Waren Sie es, bestätigen Sie es über den Link; er gilt zwei Tage lang. Waren Sie es nicht, tun Sie nichts: Dann schreibt Ihnen niemand.',
      ],
      button: 'Ja, bitte melden',
    },
    'alerts.back': {
      subject: '{{product}} ist wieder da',
      lines: [
        HELLO,
        '{{product}} ist bei {{shop.name}} wieder da. Sie wollten das ein Mal erfahren: Das war es.',
      ],
      button: 'Ansehen',
    },
    'merchant.order': {
      subject: 'Neue Bestellung {{number}}: {{total}}',
      lines: ['{{shop.name}} hat eine neue Bestellung, {{number}}.'],
      button: 'Die Bestellung',
    },
    'merchant.quote': {
      subject: 'Angebotsanfrage {{number}}: {{email}}',
      lines: ['{{email}} fragt bei {{shop.name}} zum Angebot {{number}} an.{{#if words}} {{words}}{{/if}}'],
    },
    'merchant.company': {
      subject: 'Firmenkonto gewünscht: {{company}}',
      lines: [
        '{{company}} ({{country}}{{#if taxId}}, {{taxId}}{{/if}}) wünscht ein Firmenkonto bei {{shop.name}}.',
      ],
    },
    'merchant.review': {
      subject: 'Neue Bewertung zu {{product}}: {{rating}} von 5',
      lines: ['Eine Bewertung zu {{product}} mit {{rating}} von 5 Sternen wartet darauf, gelesen zu werden.'],
    },
    'merchant.dispute': {
      subject: 'Rückbuchung: {{amount}} der Bestellung {{number}}',
      lines: [
        'Die Bank zu Bestellung {{number}} fordert {{amount}} zurück. Antworten Sie bei Ihrem Zahlungsanbieter; es gibt eine Frist.',
      ],
      button: 'Die Bestellung',
    },
    'merchant.webhook': {
      subject: 'Abgeschaltet: der Webhook an {{receiver}}',
      lines: [
        '{{receiver}}{{#if description}} ({{description}}){{/if}} hat seit {{since}} kein Ereignis von {{shop.name}} angenommen und erfährt vorerst nichts mehr.',
        'Was geschieht, wird eine Woche aufgehoben. Im Protokoll der Zustellungen steht, was geantwortet wurde; schalten Sie ihn wieder ein, dann wird es nachgeholt.',
      ],
    },
    digest: { subject: 'Neues von {{shop.name}}', lines: [HELLO, 'seit gestern:'] },
    'contact.code': { subject: '{{code}}', lines: [], short: '{{code}} ist Ihr Code. Er gilt zehn Minuten.' },
  },
};
