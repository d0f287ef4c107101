/** Messages in German. */
import type { Words } from './index.ts';

const HELLO = 'Hallo{{#if recipient.name}} {{recipient.name}}{{/if}},';

export const de: Words = {
  frame: {
    total: 'Summe',
    because: 'Du bekommst diese Nachricht wegen deiner Bestellung oder deines Kontos bei',
    unsubscribe: 'Abbestellen',
    preferences: 'Einstellungen',
  },
  messages: {
    'accounts.welcome': {
      subject: 'Willkommen bei {{shop.name}}',
      lines: [
        HELLO,
        'dein Konto bei {{shop.name}} ist eingerichtet. Du findest dort deine Bestellungen und Adressen.',
      ],
      button: 'Dein Konto',
    },
    'accounts.registration': {
      subject: 'Dein Konto bei {{shop.name}}',
      lines: [
        HELLO,
        'mit dieser Adresse wurde ein Konto bei {{shop.name}} beantragt. Wähle über den Link ein Passwort, und es ist eingerichtet. Der Link gilt einen Tag lang, ein Mal. Warst du es nicht, tu nichts: Dann gibt es kein Konto.',
      ],
      button: 'Passwort wählen',
    },
    'accounts.known': {
      subject: 'Du hast ein Konto bei {{shop.name}}',
      lines: [
        HELLO,
        'mit dieser Adresse wurde ein Konto bei {{shop.name}} beantragt, und du hast schon eins. Melde dich einfach an. Weißt du dein Passwort nicht mehr, wähle über den Link ein neues; er gilt eine Stunde lang, ein Mal. Warst du es nicht, tu nichts.',
      ],
      button: 'Neues Passwort',
    },
    'accounts.reset': {
      subject: 'Ein neues Passwort für {{shop.name}}',
      lines: [
        HELLO,
        'für dein Konto bei {{shop.name}} wurde ein neues Passwort angefordert. Der Link gilt eine Stunde lang, ein Mal. Warst du es nicht, tu nichts: Das Passwort bleibt, wie es ist.',
      ],
      button: 'Neues Passwort',
    },
    'accounts.erasure': {
      subject: 'Du möchtest von {{shop.name}} vergessen werden',
      lines: [
        HELLO,
        'wir haben deinen Wunsch, vergessen zu werden. Das geschieht spätestens bis {{due}}. Dein Konto, deine Adressen, Merkzettel und Nachrichten und die Worte deiner Bewertungen verschwinden dann. Was du bestellt und bezahlt hast, bleibt für die Buchhaltung, wie es das Gesetz verlangt, ohne deinen Namen, deine Anschrift und E-Mail-Adresse. Warst du es nicht, oder überlegst du es dir anders, nimm es über den Link zurück.',
      ],
      button: 'Deine Daten',
    },
    'accounts.erased': {
      subject: '{{shop.name}} hat dich vergessen',
      lines: [
        HELLO,
        'das ist unsere letzte Nachricht: Deine Daten bei {{shop.name}} werden gerade gelöscht. Dein Konto, deine Adressen, Merkzettel und Nachrichten und die Worte deiner Bewertungen verschwinden; was du bestellt und bezahlt hast, bleibt für die Buchhaltung, ohne deinen Namen, deine Anschrift und E-Mail-Adresse. Sicherungen, in denen sie noch stehen, werden nach einiger Zeit entfernt. Danke, dass du bei uns warst.',
      ],
    },
    'accounts.signed_out': {
      subject: 'Du bist bei {{shop.name}} überall abgemeldet',
      lines: [
        HELLO,
        'du oder jemand an einem deiner Geräte hat dein Konto bei {{shop.name}} überall abgemeldet: auf jedem Gerät und in jeder App, in der du damit angemeldet warst. Melde dich wieder an, wo du möchtest. Warst du es nicht, wähle über den Link ein neues Passwort.',
      ],
      button: 'Neues Passwort',
    },
    'accounts.password': {
      subject: 'Dein Passwort für {{shop.name}} wurde geändert',
      lines: [
        HELLO,
        'das Passwort deines Kontos bei {{shop.name}} ist jetzt ein anderes, und wer vorher damit angemeldet war, ist abgemeldet. Warst du es nicht, wähle über den Link ein neues.',
      ],
      button: 'Neues Passwort',
    },
    'staff.password': {
      subject: 'Dein Passwort für {{shop.name}} wurde geändert',
      lines: [
        HELLO,
        'das Passwort, mit dem du dich als Mitarbeiter bei {{shop.name}} anmeldest, ist jetzt ein anderes. Warst du es nicht, wähle ein neues, und sag es der Leitung des Ladens.',
      ],
    },
    'staff.signed_out': {
      subject: 'Du bist bei {{shop.name}} überall abgemeldet',
      lines: [
        HELLO,
        'du oder jemand an einem deiner Geräte hat deinen Mitarbeiterzugang bei {{shop.name}} überall abgemeldet. Melde dich wieder an, wo du möchtest. Warst du es nicht, wähle ein neues Passwort, und sag es der Leitung des Ladens.',
      ],
    },
    'staff.invitation': {
      subject: 'Führ {{shop.name}} mit uns',
      lines: [
        HELLO,
        'du wurdest eingeladen, {{shop.name}} mitzuführen. Der Link gilt eine Woche lang, ein Mal.',
      ],
      button: 'Annehmen',
    },
    'companies.invitation': {
      subject: 'Einkaufen für {{company}} bei {{shop.name}}',
      lines: [
        HELLO,
        'du wurdest eingeladen, bei {{shop.name}} für {{company}} einzukaufen. Der Link gilt eine Woche lang, ein Mal.',
      ],
      button: 'Annehmen',
    },
    'companies.approved': {
      subject: '{{company}} kann bei {{shop.name}} einkaufen',
      lines: [
        HELLO,
        'das Firmenkonto von {{company}} bei {{shop.name}} ist eingerichtet. Lade ein, wer für dich einkauft.',
      ],
      button: 'Deine Firma',
    },
    'companies.approval': {
      subject: '{{buyer}} braucht deine Freigabe: {{total}}',
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
        'dein Einkauf bei {{shop.name}} ist freigegeben: {{total}}.{{#if words}} {{words}}{{/if}} Geh zur Kasse; ein geänderter Warenkorb braucht eine neue Freigabe.',
      ],
      button: 'Weiter',
    },
    'companies.declined': {
      subject: 'Nicht freigegeben: {{total}}',
      lines: [
        HELLO,
        'dein Einkauf bei {{shop.name}} wurde nicht freigegeben: {{total}}.{{#if words}} {{words}}{{/if}}',
      ],
      button: 'Ansehen',
    },
    'orders.confirmed': {
      subject: 'Deine Bestellung {{number}}',
      lines: [
        HELLO,
        'vielen Dank für deine Bestellung {{number}} vom {{placedAt}}. Wir melden uns, sobald sie unterwegs ist.',
      ],
      button: 'Deine Bestellung',
      short: 'Vielen Dank für deine Bestellung {{number}}: {{total}}.',
    },
    'orders.paid': {
      subject: 'Deine Zahlung für Bestellung {{number}} ist da',
      lines: [HELLO, 'wir haben am {{at}} für deine Bestellung {{number}} {{amount}} erhalten.'],
      button: 'Deine Bestellung',
    },
    'orders.shipped': {
      subject: 'Deine Bestellung {{number}} ist unterwegs',
      lines: [
        HELLO,
        'ein Paket deiner Bestellung {{number}} hat unser Haus verlassen.{{#if tracking}} So kannst du es verfolgen: {{tracking}}{{/if}}{{#if follow}} {{follow}}{{/if}}',
      ],
      button: 'Deine Bestellung',
      short: 'Deine Bestellung {{number}} ist unterwegs.',
    },
    'orders.refunded': {
      subject: 'Eine Erstattung zu deiner Bestellung {{number}}',
      lines: [
        HELLO,
        'von den {{total}} deiner Bestellung {{number}} haben wir bisher {{refunded}} erstattet. Deine Bank zeigt es in wenigen Tagen.',
      ],
      button: 'Deine Bestellung',
      short: 'Bestellung {{number}}: {{refunded}} erstattet.',
    },
    'orders.cancelled': {
      subject: 'Deine Bestellung {{number}} ist storniert',
      lines: [
        HELLO,
        'deine Bestellung {{number}} ist storniert.{{#if reason}} {{reason}}{{/if}} Was du gezahlt hast, wird erstattet.',
      ],
      button: 'Deine Bestellung',
      short: 'Deine Bestellung {{number}} ist storniert.',
    },
    'orders.edited': {
      subject: 'Deine Bestellung {{number}} wurde geändert',
      lines: [
        HELLO,
        'wir haben deine Bestellung {{number}} geändert.{{#if words}} {{words}}{{/if}} Sie kommt jetzt auf {{total}}.{{#if owed}} Davon sind noch {{owed}} zu zahlen, über den Link, der nur für dich ist.{{/if}}',
      ],
      button: 'Zur Bestellung',
    },
    'orders.exchange': {
      subject: 'Dein Umtausch zur Bestellung {{number}}',
      lines: [
        HELLO,
        'der Umtausch zu deiner Bestellung {{number}} ist vereinbart.{{#if words}} {{words}}{{/if}}{{#if owed}} Dazu sind {{owed}} zu zahlen, über den Link, der nur für dich ist.{{/if}}{{#if back}} {{back}} bekommst du zurück, sobald deine Ware bei uns ist.{{/if}} Das bekommst du:',
      ],
      button: 'Zur Bestellung',
    },
    'orders.offer': {
      subject: 'Unser Angebot {{number}}',
      lines: [
        HELLO,
        'unser Angebot {{number}} kommt auf {{total}} und gilt bis {{validUntil}}.{{#if words}} {{words}}{{/if}} Über den Link, der nur für dich ist, nimmst du es an und bezahlst.',
      ],
      button: 'Zum Angebot',
    },
    'orders.message': {
      subject: 'Zu {{number}}',
      lines: [HELLO, 'wir möchten dir zu {{number}} etwas sagen: {{words}}'],
      button: 'Antworten',
    },
    'marketing.cart': {
      subject: 'Du hast etwas liegen lassen',
      lines: [HELLO, 'das wartet noch auf dich:'],
      button: 'Zurück zum Warenkorb',
      short: 'In deinem Warenkorb wartet noch etwas auf dich.',
    },
    'marketing.campaign': {
      subject: '{{title}}',
      lines: [HELLO],
      button: '{{label}}',
      short: '{{title}} {{link}}',
    },
    'reviews.request': {
      subject: 'Wie gefällt es dir?',
      lines: [
        HELLO,
        'vor einigen Tagen kam deine Bestellung {{number}} an. Andere würden gern wissen, wie es dir gefällt, und wir auch. Ein paar Worte genügen:',
      ],
    },
    'wishes.back': {
      subject: 'Wieder da: was du dir gemerkt hast',
      lines: [HELLO, 'das steht auf deinem Merkzettel und ist wieder da:'],
      button: 'Zum Laden',
      short: 'Etwas von deinem Merkzettel ist wieder da.',
    },
    'wishes.cheaper': {
      subject: 'Jetzt günstiger',
      lines: [HELLO, 'das steht auf deinem Merkzettel und kostet weniger als zuvor:'],
      button: 'Zum Laden',
      short: 'Etwas von deinem Merkzettel ist günstiger geworden.',
    },
    'alerts.confirm': {
      subject: 'Sollen wir dir sagen, wenn {{product}} wieder da ist?',
      lines: [
        HELLO,
        'bei {{shop.name}} wurde gebeten, es an diese Adresse zu melden, wenn {{product}} wieder da ist. Warst du es, bestätige es über den Link; er gilt zwei Tage lang. Warst du es nicht, tu nichts: Dann schreibt dir niemand.',
      ],
      button: 'Ja, bitte melden',
    },
    'alerts.back': {
      subject: '{{product}} ist wieder da',
      lines: [
        HELLO,
        '{{product}} ist bei {{shop.name}} wieder da. Du wolltest das ein Mal erfahren: Das war es.',
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
        'Die Bank zu Bestellung {{number}} fordert {{amount}} zurück. Antworte bei deinem Zahlungsanbieter; es gibt eine Frist.',
      ],
      button: 'Die Bestellung',
    },
    'merchant.refund_failed': {
      subject: 'Zurückgekommen: {{amount}} der Bestellung {{number}}',
      lines: [
        '{{amount}}, die zu Bestellung {{number}} erstattet werden sollten, sind nicht angekommen, etwa weil die Karte inzwischen gesperrt ist. Das Geld ist wieder bei Ihnen: Erstatten Sie es noch einmal, oder fragen Sie, wie es ausgezahlt werden soll.',
      ],
      button: 'Die Bestellung',
    },
    'merchant.webhook': {
      subject: 'Abgeschaltet: der Webhook an {{receiver}}',
      lines: [
        '{{receiver}}{{#if description}} ({{description}}){{/if}} hat seit {{since}} kein Ereignis von {{shop.name}} angenommen und erfährt vorerst nichts mehr.',
        'Was geschieht, wird eine Woche aufgehoben. Im Protokoll der Zustellungen steht, was geantwortet wurde; schalte ihn wieder ein, dann wird es nachgeholt.',
      ],
    },
    digest: { subject: 'Neues von {{shop.name}}', lines: [HELLO, 'seit gestern:'] },
    'contact.code': {
      subject: '{{code}}',
      lines: [],
      short: '{{code}} ist dein Code. Er gilt zehn Minuten.',
    },
  },
};
