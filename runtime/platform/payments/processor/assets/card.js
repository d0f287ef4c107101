/**
 * The card fields inside the shop's page: validates, confirms with this origin, and tells the shop only the outcome.
 * The protocol between shop and frame is described in the processor's README.
 */
const query = new URLSearchParams(location.search);
const secrets = new URLSearchParams(location.hash.slice(1));
const publishableKey = query.get('pk') ?? '';
const clientSecret = secrets.get('client_secret') ?? query.get('client_secret') ?? '';
const intentId = clientSecret.split('_secret_')[0];
const shop = query.get('return_origin') ?? '';

const WORDS = {
  en: {
    number: 'Card number',
    expiry: 'Expiry date',
    cvc: 'Security code',
    pay: 'Pay',
    paying: 'Paying…',
    paid: 'Payment received',
    badNumber: 'Check the card number.',
    badExpiry: 'Check the expiry date.',
    pastExpiry: 'This card has expired.',
    badCvc: 'Check the security code.',
    bank: 'Confirm with your bank',
    bankText:
      'Your bank wants to be sure that it is you. This is the test bank: choose what it should answer.',
    approve: 'Complete authentication',
    refuse: 'Fail authentication',
    unreachable: 'The payment service cannot be reached. Try again.',
    note: 'Card details go straight to the payment processor.',
  },
  de: {
    number: 'Kartennummer',
    expiry: 'Gültig bis',
    cvc: 'Prüfziffer',
    pay: 'Bezahlen',
    paying: 'Wird bezahlt…',
    paid: 'Zahlung erhalten',
    badNumber: 'Bitte die Kartennummer prüfen.',
    badExpiry: 'Bitte das Ablaufdatum prüfen.',
    pastExpiry: 'Diese Karte ist abgelaufen.',
    badCvc: 'Bitte die Prüfziffer prüfen.',
    bank: 'Bei der Bank bestätigen',
    bankText: 'Deine Bank möchte sicher sein, dass du es bist. Dies ist die Testbank: Wähle ihre Antwort.',
    approve: 'Bestätigen',
    refuse: 'Ablehnen',
    unreachable: 'Der Zahlungsdienst ist nicht erreichbar. Bitte noch einmal versuchen.',
    note: 'Die Kartendaten gehen direkt an den Zahlungsdienst.',
    declined: 'Die Karte wurde abgelehnt.',
    insufficient: 'Die Karte ist nicht ausreichend gedeckt.',
    unconfirmed: 'Die Bank hat die Zahlung nicht bestätigt. Bitte eine andere Karte versuchen.',
  },
  fr: {
    number: 'Numéro de carte',
    expiry: "Date d'expiration",
    cvc: 'Code de sécurité',
    pay: 'Payer',
    paying: 'Paiement en cours…',
    paid: 'Paiement reçu',
    badNumber: 'Vérifiez le numéro de carte.',
    badExpiry: "Vérifiez la date d'expiration.",
    pastExpiry: 'Cette carte a expiré.',
    badCvc: 'Vérifiez le code de sécurité.',
    bank: 'Confirmer auprès de votre banque',
    bankText:
      "Votre banque veut s'assurer que c'est bien vous. Ceci est la banque de test : choisissez sa réponse.",
    approve: "Réussir l'authentification",
    refuse: "Échouer l'authentification",
    unreachable: 'Le service de paiement est injoignable. Réessayez.',
    note: 'Les données de la carte vont directement au prestataire de paiement.',
    declined: 'La carte a été refusée.',
    insufficient: 'Le solde de la carte est insuffisant.',
    unconfirmed: 'La banque n’a pas confirmé le paiement. Essayez une autre carte.',
  },
  nb: {
    number: 'Kortnummer',
    expiry: 'Utløpsdato',
    cvc: 'Sikkerhetskode',
    pay: 'Betal',
    paying: 'Betaler…',
    paid: 'Betalingen er mottatt',
    badNumber: 'Kontroller kortnummeret.',
    badExpiry: 'Kontroller utløpsdatoen.',
    pastExpiry: 'Kortet er utløpt.',
    badCvc: 'Kontroller sikkerhetskoden.',
    bank: 'Bekreft hos banken din',
    bankText: 'Banken vil være sikker på at det er deg. Dette er testbanken: velg hva den skal svare.',
    approve: 'Bekreft',
    refuse: 'Avvis',
    unreachable: 'Betalingstjenesten svarer ikke. Prøv igjen.',
    note: 'Kortopplysningene går rett til betalingstjenesten.',
    declined: 'Kortet ble avvist.',
    insufficient: 'Det er ikke nok penger på kortet.',
    unconfirmed: 'Banken bekreftet ikke betalingen. Prøv et annet kort.',
  },
  ja: {
    number: 'カード番号',
    expiry: '有効期限',
    cvc: 'セキュリティコード',
    pay: '支払う',
    paying: '処理中…',
    paid: 'お支払いを受け付けました',
    badNumber: 'カード番号をご確認ください。',
    badExpiry: '有効期限をご確認ください。',
    pastExpiry: 'このカードは有効期限が切れています。',
    badCvc: 'セキュリティコードをご確認ください。',
    bank: '銀行での確認',
    bankText: 'ご本人確認が必要です。これはテスト用の銀行です。応答を選んでください。',
    approve: '認証を完了する',
    refuse: '認証に失敗する',
    unreachable: '決済サービスに接続できません。もう一度お試しください。',
    note: 'カード情報は決済サービスへ直接送信されます。',
    declined: 'カードが拒否されました。',
    insufficient: 'カードの残高が不足しています。',
    unconfirmed: '銀行で確認できませんでした。別のカードをお試しください。',
  },
};
const asked = (query.get('lang') ?? navigator.language).slice(0, 2);
const language = asked === 'no' ? 'nb' : asked;
const words = WORDS[language] ?? WORDS.en;
document.documentElement.lang = words === WORDS.en ? 'en' : language;

const form = document.querySelector('form');
const number = document.querySelector('#number');
const expiry = document.querySelector('#expiry');
const cvc = document.querySelector('#cvc');
const button = document.querySelector('#pay');
const problem = document.querySelector('#problem');
const brand = document.querySelector('#brand');
const challenge = document.querySelector('#challenge');
const done = document.querySelector('#done');
let busy = false;
/** The last outcome, for a shop that began to listen after it was told. */
let outcome;

applyLook();
applyWords();

function applyLook() {
  const names = {
    accent: 'accent',
    bg: 'background',
    text: 'text',
    muted: 'muted',
    border: 'border',
    field: 'field',
    danger: 'danger',
    on_accent: 'on-accent',
  };
  for (const [parameter, property] of Object.entries(names)) {
    const value = query.get(parameter);
    if (value && CSS.supports('color', value))
      document.documentElement.style.setProperty(`--${property}`, value);
  }
  const radius = Number(query.get('radius') ?? Number.NaN);
  if (radius >= 0 && radius <= 32) document.documentElement.style.setProperty('--radius', `${radius}px`);
  if (query.get('button') === 'none') button.hidden = true;
}

function applyWords() {
  document.querySelector('label[for=number]').textContent = words.number;
  document.querySelector('label[for=expiry]').textContent = words.expiry;
  document.querySelector('label[for=cvc]').textContent = words.cvc;
  document.querySelector('#note').textContent = words.note;
  document.querySelector('#bank').textContent = words.bank;
  document.querySelector('#bank-text').textContent = words.bankText;
  document.querySelector('#approve').textContent = words.approve;
  document.querySelector('#refuse').textContent = words.refuse;
  button.textContent = query.get('label') ?? words.pay;
}

function tell(message) {
  if (shop !== '' && window.parent !== window)
    window.parent.postMessage({ source: 'shopmind-payments', ...message }, shop);
}

function conclude(result) {
  outcome = { type: 'result', ...result };
  tell(outcome);
}

function heightNow() {
  return Math.ceil(document.body.getBoundingClientRect().height) + 8;
}

function greet() {
  tell({ type: 'ready', height: heightNow() });
  if (outcome) tell(outcome);
}

function brandOf(digits) {
  if (digits.startsWith('4')) return 'visa';
  if (/^(5[1-5]|2[2-7])/.test(digits)) return 'mastercard';
  if (/^3[47]/.test(digits)) return 'amex';
  if (/^(6011|65|64[4-9])/.test(digits)) return 'discover';
  if (digits.startsWith('35')) return 'jcb';
  if (/^3[068]/.test(digits)) return 'diners';
  return '';
}

function passesLuhn(digits) {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const weighed = index % 2 === 1 ? digit * 2 : digit;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0;
}

function read() {
  const digits = number.value.replace(/\D/g, '');
  const [month = '', year = ''] = expiry.value.split('/').map((part) => part.trim());
  return {
    digits,
    month: Number(month),
    year: 2000 + Number(year.slice(-2)),
    hasYear: year.length >= 2,
    cvc: cvc.value.trim(),
  };
}

/** The first field that cannot be right, and what to say about it. */
function wrongField(card) {
  if (card.digits.length < 12 || card.digits.length > 19 || !passesLuhn(card.digits))
    return [number, words.badNumber];
  if (!(card.month >= 1 && card.month <= 12) || !card.hasYear) return [expiry, words.badExpiry];
  if (new Date(Date.UTC(card.year, card.month, 1)) <= new Date()) return [expiry, words.pastExpiry];
  if (!new RegExp(brandOf(card.digits) === 'amex' ? '^\\d{4}$' : '^\\d{3}$').test(card.cvc))
    return [cvc, words.badCvc];
  return undefined;
}

function show(text, field) {
  problem.textContent = text;
  for (const each of [number, expiry, cvc]) each.setAttribute('aria-invalid', String(each === field));
  if (field) field.focus();
  resize();
}

function setBusy(value) {
  busy = value;
  button.disabled = value;
  form.setAttribute('aria-busy', String(value));
  button.textContent = value ? words.paying : (query.get('label') ?? words.pay);
}

function resize() {
  tell({ type: 'resize', height: heightNow() });
}

async function post(path, fields, headers) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json', ...headers },
    body: new URLSearchParams(fields),
  });
  return answer.json();
}

async function confirm() {
  if (busy) return;
  const card = read();
  const wrong = wrongField(card);
  if (wrong) {
    show(wrong[1], wrong[0]);
    conclude({ status: 'invalid', error: { code: 'incomplete', message: wrong[1] } });
    return;
  }
  show('', undefined);
  setBusy(true);
  try {
    const answer = await post(
      `/v1/payment_intents/${encodeURIComponent(intentId)}/confirm`,
      {
        client_secret: clientSecret,
        'payment_method_data[type]': 'card',
        'payment_method_data[card][number]': card.digits,
        'payment_method_data[card][exp_month]': String(card.month),
        'payment_method_data[card][exp_year]': String(card.year),
        'payment_method_data[card][cvc]': card.cvc,
      },
      { authorization: `Bearer ${publishableKey}` },
    );
    settle(answer);
  } catch {
    setBusy(false);
    show(words.unreachable, undefined);
    conclude({ status: 'unreachable', error: { code: 'unreachable', message: words.unreachable } });
  }
}

function settle(answer) {
  const settledBefore = ['requires_capture', 'succeeded'].includes(answer.error?.payment_intent?.status);
  if (answer.error && !settledBefore) {
    setBusy(false);
    const { code, decline_code: declineCode } = answer.error;
    const message = refusal(answer.error);
    show(message, undefined);
    conclude({
      status: answer.error.payment_intent?.status ?? 'failed',
      error: { code, declineCode, message },
    });
    return;
  }
  const status = answer.error?.payment_intent?.status ?? answer.status;
  if (status === 'requires_action') {
    form.hidden = true;
    challenge.hidden = false;
    document.querySelector('#approve').focus();
    tell({ type: 'challenge' });
    resize();
    return;
  }
  form.hidden = true;
  done.hidden = false;
  done.textContent = `✓ ${words.paid}`;
  resize();
  conclude({ status });
}

/** The processor explains in English; the commonest refusals have words of their own in the other languages. */
function refusal(error) {
  if (error.decline_code === 'insufficient_funds') return words.insufficient ?? error.message;
  if (error.code === 'card_declined') return words.declined ?? error.message;
  if (error.code === 'payment_intent_authentication_failure') return words.unconfirmed ?? error.message;
  return error.message;
}

async function answerChallenge(answered) {
  const buttons = challenge.querySelectorAll('button');
  for (const each of buttons) each.disabled = true;
  try {
    const answer = await post(`/challenge/${encodeURIComponent(intentId)}`, {
      client_secret: clientSecret,
      outcome: answered,
    });
    challenge.hidden = true;
    form.hidden = false;
    settle(answer);
  } catch {
    show(words.unreachable, undefined);
  } finally {
    for (const each of buttons) each.disabled = false;
  }
}

number.addEventListener('input', () => {
  const digits = number.value.replace(/\D/g, '').slice(0, 19);
  const amex = brandOf(digits) === 'amex';
  number.value = amex
    ? digits.replace(/^(\d{4})(\d{1,6})?(\d{1,5})?.*$/, (_all, a, b, c) =>
        [a, b, c].filter(Boolean).join(' '),
      )
    : digits.replace(/(\d{4})(?=\d)/g, '$1 ');
  brand.textContent = brandOf(digits);
  tell({ type: 'change', brand: brandOf(digits), complete: wrongField(read()) === undefined });
});
expiry.addEventListener('input', (event) => {
  const digits = expiry.value.replace(/\D/g, '').slice(0, 4);
  const deleting = event.inputType === 'deleteContentBackward';
  const padded = digits.length === 1 && digits > '1' ? `0${digits}` : digits;
  expiry.value =
    padded.length > 2 || (padded.length === 2 && !deleting)
      ? `${padded.slice(0, 2)} / ${padded.slice(2)}`
      : padded;
  tell({ type: 'change', brand: brandOf(read().digits), complete: wrongField(read()) === undefined });
});
cvc.addEventListener('input', () => {
  cvc.value = cvc.value.replace(/\D/g, '').slice(0, 4);
  tell({ type: 'change', brand: brandOf(read().digits), complete: wrongField(read()) === undefined });
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void confirm();
});
document.querySelector('#approve').addEventListener('click', () => void answerChallenge('pass'));
document.querySelector('#refuse').addEventListener('click', () => void answerChallenge('fail'));
window.addEventListener('message', (event) => {
  if (event.origin !== shop || event.source !== window.parent) return;
  if (event.data?.type === 'hello') greet();
  if (event.data?.type === 'confirm') void confirm();
  if (event.data?.type === 'focus') number.focus();
});
new ResizeObserver(resize).observe(document.body);
for (const each of form.elements) each.disabled = false;
greet();
