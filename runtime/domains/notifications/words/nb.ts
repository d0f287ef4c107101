/** Messages in Norwegian (bokmål). */
import type { Words } from './index.ts';

const HELLO = 'Hei{{#if recipient.name}} {{recipient.name}}{{/if}},';

export const nb: Words = {
  frame: {
    total: 'Sum',
    because: 'Du får denne meldingen på grunn av bestillingen eller kontoen din hos',
    unsubscribe: 'Meld deg av',
    preferences: 'Innstillinger',
  },
  messages: {
    'accounts.welcome': {
      subject: 'Velkommen til {{shop.name}}',
      lines: [HELLO, 'kontoen din hos {{shop.name}} er klar. Der finner du bestillinger og adresser.'],
      button: 'Kontoen din',
    },
    'accounts.registration': {
      subject: 'Kontoen din hos {{shop.name}}',
      lines: [
        HELLO,
        'noen ba om en konto hos {{shop.name}} med denne adressen. Velg et passord via lenken, så er den klar. Lenken gjelder i ett døgn, én gang. Var det ikke deg, trenger du ikke gjøre noe: da blir det ingen konto.',
      ],
      button: 'Velg passord',
    },
    'accounts.known': {
      subject: 'Du har en konto hos {{shop.name}}',
      lines: [
        HELLO,
        'noen ba om en konto hos {{shop.name}} med denne adressen, og du har allerede en. Bare logg inn. Husker du ikke passordet, får du et nytt via lenken; den gjelder i en time, én gang. Var det ikke deg, trenger du ikke gjøre noe.',
      ],
      button: 'Nytt passord',
    },
    'accounts.reset': {
      subject: 'Et nytt passord for {{shop.name}}',
      lines: [
        HELLO,
        'noen ba om et nytt passord til kontoen din hos {{shop.name}}. Lenken gjelder i en time, én gang. Var det ikke deg, trenger du ikke gjøre noe: passordet blir som det er.',
      ],
      button: 'Nytt passord',
    },
    'accounts.erasure': {
      subject: 'Du vil bli glemt av {{shop.name}}',
      lines: [
        HELLO,
        'vi har fått ønsket ditt om å bli glemt. Det skjer senest {{due}}. Kontoen, adressene, ønskelistene, meldingene og ordene i omtalene dine blir da borte. Det du har bestilt og betalt, blir stående i regnskapet, slik loven krever, uten navn, adresse og e-post. Var det ikke deg, eller ombestemmer du deg, kan du trekke det tilbake med lenken.',
      ],
      button: 'Dataene dine',
    },
    'accounts.erased': {
      subject: '{{shop.name}} har glemt deg',
      lines: [
        HELLO,
        'dette er den siste meldingen fra oss: dataene dine hos {{shop.name}} slettes nå. Kontoen, adressene, ønskelistene, meldingene og ordene i omtalene dine blir borte; det du har bestilt og betalt, blir stående i regnskapet uten navn, adresse og e-post. Sikkerhetskopier som har dem, fjernes etter en tid. Takk for at du var hos oss.',
      ],
    },
    'accounts.signed_out': {
      subject: 'Du er logget ut overalt hos {{shop.name}}',
      lines: [
        HELLO,
        'du, eller noen på en av enhetene dine, logget ut kontoen din hos {{shop.name}} overalt: på hver enhet og i hver app du var logget inn i med den. Logg inn igjen der du vil. Var det ikke deg, velg et nytt passord med lenken.',
      ],
      button: 'Nytt passord',
    },
    'accounts.password': {
      subject: 'Passordet ditt hos {{shop.name}} er endret',
      lines: [
        HELLO,
        'passordet til kontoen din hos {{shop.name}} er nå et annet, og den som var logget inn med det fra før, er logget ut. Var det ikke deg, velg et nytt med lenken.',
      ],
      button: 'Nytt passord',
    },
    'staff.password': {
      subject: 'Passordet ditt hos {{shop.name}} er endret',
      lines: [
        HELLO,
        'passordet du logger inn med som ansatt hos {{shop.name}}, er nå et annet. Var det ikke deg, velg et nytt, og si fra til den som driver butikken.',
      ],
    },
    'staff.signed_out': {
      subject: 'Du er logget ut overalt hos {{shop.name}}',
      lines: [
        HELLO,
        'du, eller noen på en av enhetene dine, logget deg ut overalt som ansatt hos {{shop.name}}. Logg inn igjen der du vil. Var det ikke deg, velg et nytt passord, og si fra til den som driver butikken.',
      ],
    },
    'staff.invitation': {
      subject: 'Bli med og driv {{shop.name}}',
      lines: [
        HELLO,
        'du er invitert til å drive {{shop.name}} sammen med andre. Lenken gjelder i en uke, én gang.',
      ],
      button: 'Takk ja',
    },
    'companies.invitation': {
      subject: 'Handle for {{company}} hos {{shop.name}}',
      lines: [
        HELLO,
        'du er invitert til å handle for {{company}} hos {{shop.name}}. Lenken gjelder i en uke, én gang.',
      ],
      button: 'Takk ja',
    },
    'companies.approved': {
      subject: '{{company}} kan handle hos {{shop.name}}',
      lines: [
        HELLO,
        'firmakontoen til {{company}} hos {{shop.name}} er klar. Inviter dem som handler for dere.',
      ],
      button: 'Firmaet ditt',
    },
    'companies.approval': {
      subject: '{{buyer}} trenger din godkjenning: {{total}}',
      lines: [
        HELLO,
        '{{buyer}} vil handle for {{company}} hos {{shop.name}}: {{total}}.{{#if words}} {{words}}{{/if}}',
      ],
      button: 'Godkjenn eller avslå',
    },
    'companies.granted': {
      subject: 'Godkjent: {{total}}',
      lines: [
        HELLO,
        'kjøpet ditt hos {{shop.name}} er godkjent: {{total}}.{{#if words}} {{words}}{{/if}} Gå til kassen; endrer du handlekurven, må den godkjennes på nytt.',
      ],
      button: 'Gå videre',
    },
    'companies.declined': {
      subject: 'Ikke godkjent: {{total}}',
      lines: [
        HELLO,
        'kjøpet ditt hos {{shop.name}} ble ikke godkjent: {{total}}.{{#if words}} {{words}}{{/if}}',
      ],
      button: 'Se på det',
    },
    'orders.confirmed': {
      subject: 'Bestillingen din {{number}}',
      lines: [HELLO, 'takk for bestillingen {{number}} av {{placedAt}}. Vi gir beskjed når den er på vei.'],
      button: 'Bestillingen din',
      short: 'Takk for bestillingen {{number}}: {{total}}.',
    },
    'orders.paid': {
      subject: 'Vi har mottatt betalingen for bestilling {{number}}',
      lines: [HELLO, 'vi mottok {{amount}} for bestillingen {{number}} den {{at}}.'],
      button: 'Bestillingen din',
    },
    'orders.shipped': {
      subject: 'Bestillingen din {{number}} er på vei',
      lines: [
        HELLO,
        'en pakke fra bestillingen din {{number}} er sendt.{{#if tracking}} Slik kan du følge den: {{tracking}}{{/if}}{{#if follow}} {{follow}}{{/if}}',
      ],
      button: 'Bestillingen din',
      short: 'Bestillingen din {{number}} er på vei.',
    },
    'orders.refunded': {
      subject: 'Tilbakebetaling for bestilling {{number}}',
      lines: [
        HELLO,
        'av {{total}} for bestillingen {{number}} har vi betalt tilbake {{refunded}} så langt. Banken viser det om noen dager.',
      ],
      button: 'Bestillingen din',
      short: 'Bestilling {{number}}: {{refunded}} betalt tilbake.',
    },
    'orders.cancelled': {
      subject: 'Bestillingen din {{number}} er kansellert',
      lines: [
        HELLO,
        'bestillingen din {{number}} er kansellert.{{#if reason}} {{reason}}{{/if}} Det du har betalt, blir betalt tilbake.',
      ],
      button: 'Bestillingen din',
      short: 'Bestillingen din {{number}} er kansellert.',
    },
    'orders.edited': {
      subject: 'Bestillingen din {{number}} er endret',
      lines: [
        HELLO,
        'vi har endret bestillingen din {{number}}.{{#if words}} {{words}}{{/if}} Den kommer nå på {{total}}.{{#if owed}} Av det gjenstår {{owed}} å betale, med lenken, som bare er din.{{/if}}',
      ],
      button: 'Se bestillingen',
    },
    'orders.exchange': {
      subject: 'Byttet for bestillingen {{number}}',
      lines: [
        HELLO,
        'byttet for bestillingen din {{number}} er avtalt.{{#if words}} {{words}}{{/if}}{{#if owed}} I tillegg er det {{owed}} å betale, med lenken, som bare er din.{{/if}}{{#if back}} {{back}} får du tilbake når varene dine er kommet til oss.{{/if}} Dette får du:',
      ],
      button: 'Se bestillingen',
    },
    'orders.offer': {
      subject: 'Tilbudet vårt {{number}}',
      lines: [
        HELLO,
        'tilbudet vårt {{number}} er på {{total}} og gjelder til {{validUntil}}.{{#if words}} {{words}}{{/if}} Du godtar det og betaler med lenken, som bare er din.',
      ],
      button: 'Se tilbudet',
    },
    'orders.message': {
      subject: 'Om {{number}}',
      lines: [HELLO, 'vi har noe å si om {{number}}: {{words}}'],
      button: 'Svar',
    },
    'marketing.cart': {
      subject: 'Du har glemt noe',
      lines: [HELLO, 'dette venter fortsatt på deg:'],
      button: 'Tilbake til handlekurven',
      short: 'Noe i handlekurven venter fortsatt på deg.',
    },
    'marketing.campaign': {
      subject: '{{title}}',
      lines: [HELLO],
      button: '{{label}}',
      short: '{{title}} {{link}}',
    },
    'reviews.request': {
      subject: 'Hva synes du?',
      lines: [
        HELLO,
        'for noen dager siden kom bestillingen din {{number}} fram. Andre vil gjerne vite hva du synes, og det vil vi også. Noen få ord er nok:',
      ],
    },
    'wishes.back': {
      subject: 'Tilbake: det du ønsket deg',
      lines: [HELLO, 'dette står på ønskelisten din og er tilbake:'],
      button: 'Til butikken',
      short: 'Noe på ønskelisten din er tilbake.',
    },
    'wishes.cheaper': {
      subject: 'Nå koster det mindre',
      lines: [HELLO, 'dette står på ønskelisten din og koster mindre enn før:'],
      button: 'Til butikken',
      short: 'Noe på ønskelisten din koster mindre nå.',
    },
    'alerts.confirm': {
      subject: 'Skal vi si fra når {{product}} er tilbake?',
      lines: [
        HELLO,
        'noen ba {{shop.name}} om å si fra til denne adressen når {{product}} er tilbake. Var det deg, bekreft med lenken; den gjelder i to dager. Var det ikke deg, trenger du ikke gjøre noe: da skriver ingen til deg.',
      ],
      button: 'Ja, si fra',
    },
    'alerts.back': {
      subject: '{{product}} er tilbake',
      lines: [HELLO, '{{product}} er tilbake hos {{shop.name}}. Du ville vite det én gang: det var dette.'],
      button: 'Ta en titt',
    },
    'merchant.order': {
      subject: 'Ny bestilling {{number}}: {{total}}',
      lines: ['{{shop.name}} har en ny bestilling, {{number}}.'],
      button: 'Bestillingen',
    },
    'merchant.quote': {
      subject: 'Forespørsel {{number}}: {{email}}',
      lines: ['{{email}} spør om tilbud {{number}} hos {{shop.name}}.{{#if words}} {{words}}{{/if}}'],
    },
    'merchant.company': {
      subject: 'Firmakonto ønskes: {{company}}',
      lines: [
        '{{company}} ({{country}}{{#if taxId}}, {{taxId}}{{/if}}) ønsker en firmakonto hos {{shop.name}}.',
      ],
    },
    'merchant.review': {
      subject: 'Ny omtale av {{product}}: {{rating}} av 5',
      lines: ['En omtale av {{product}} med {{rating}} av 5 stjerner venter på å bli lest.'],
    },
    'merchant.dispute': {
      subject: 'Omtvistet: {{amount}} av bestilling {{number}}',
      lines: [
        'Banken bak bestilling {{number}} krever {{amount}} tilbake. Svar hos betalingsleverandøren din; det er en frist.',
      ],
      button: 'Bestillingen',
    },
    'merchant.refund_failed': {
      subject: 'Kom i retur: {{amount}} av bestilling {{number}}',
      lines: [
        '{{amount}} som skulle tilbakebetales for bestilling {{number}}, kom ikke frem, for eksempel fordi kortet er sperret. Pengene er hos deg igjen: betal dem tilbake på nytt, eller spør kunden hvordan de vil ha dem.',
      ],
      button: 'Bestillingen',
    },
    'merchant.webhook': {
      subject: 'Slått av: webhooken til {{receiver}}',
      lines: [
        '{{receiver}}{{#if description}} ({{description}}){{/if}} har ikke tatt imot noen hendelse fra {{shop.name}} siden {{since}}, og får foreløpig ikke vite noe.',
        'Det som skjer, tas vare på i en uke. Se i leveringsloggen hva som ble svart, og slå den på igjen: da sendes det.',
      ],
    },
    digest: { subject: 'Nytt fra {{shop.name}}', lines: [HELLO, 'siden i går:'] },
    'contact.code': {
      subject: '{{code}}',
      lines: [],
      short: '{{code}} er koden din. Den gjelder i ti minutter.',
    },
  },
};
