/**
 * Where links of messages lead. The token stands behind the # and reaches no server's log; nothing is used up by looking, as programs
 * do that check a mail's links: only the form's button says so. The pages load nothing from anywhere.
 */
import { pageStyle } from '../../platform/branding.ts';
import type { RouteResponse } from '../../platform/domain.ts';
import { escapeHtml, sourceOf } from '../../platform/html.ts';
import type { Tenant } from '../../platform/ports.ts';
import type { PageName } from './shapes.ts';

interface Form {
  readonly to: string;
  readonly title: keyof Words;
  /** Where the browser goes on to, where it is signed in by it. */
  readonly onwards?: string;
  /** Where nothing is to be chosen: a button says yes. */
  readonly asksNothing?: true;
}

/** Where the form goes, and which of the words stand around it. */
const FORMS: Readonly<Record<PageName, Form>> = {
  join: { to: '/api/accounts/staff/accept', title: 'join' },
  register: { to: '/api/accounts/register/confirm', title: 'register', onwards: '/account' },
  reset: { to: '/api/accounts/password/reset', title: 'reset' },
  'staff-reset': { to: '/api/accounts/staff/password/reset', title: 'reset' },
  company: { to: '/api/accounts/company/join', title: 'company' },
  'company-member': { to: '/api/accounts/company/join', title: 'companyMember', asksNothing: true },
};

export function showPage(tenant: Tenant, params: unknown): RouteResponse {
  const { page } = params as { page: PageName }; // parsed by the route's schema
  const language = (tenant.locales[0] ?? 'en').split('-')[0] ?? 'en';
  const words = WORDS[language] ?? ENGLISH;
  const { to, title, onwards = '', asksNothing } = FORMS[page];
  const style = pageStyle(tenant.branding);
  const html = `<!doctype html><html lang="${language in WORDS ? language : 'en'}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>${escapeHtml(tenant.displayName)}</title>
<style>${style}</style></head><body><main><h1>${escapeHtml(tenant.displayName)}</h1><p>${escapeHtml(words[title])}</p>
<form id="form" data-to="${to}" data-onwards="${onwards}" data-done="${escapeHtml(words.done)}" data-failed="${escapeHtml(words.failed)}">
${asksNothing ? '' : passwordField(words)}
<button>${escapeHtml(asksNothing ? words.accept : words.button)}</button></form><p id="said" role="status"></p></main><script>${SCRIPT}</script></body></html>`;
  return {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src ${sourceOf(style)}; script-src ${sourceOf(SCRIPT)}; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'`,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    },
    bytes: Buffer.from(html),
  };
}

function passwordField({ password }: Words): string {
  return `<label>${escapeHtml(password)}<input id="password" type="password" autocomplete="new-password" minlength="8" maxlength="256" required></label>`;
}

interface Words {
  readonly join: string;
  readonly register: string;
  readonly reset: string;
  readonly company: string;
  readonly companyMember: string;
  readonly password: string;
  readonly button: string;
  readonly accept: string;
  readonly done: string;
  readonly failed: string;
}

const ENGLISH: Words = {
  join: 'You were invited to run this shop together with others. Choose a password to accept.',
  register: 'Choose a password, and your account is open.',
  reset: 'Choose a new password. Wherever you are signed in, you have to sign in again.',
  company: 'You were invited to buy for your company here. Choose a password, and you have an account.',
  companyMember: 'You were invited to buy for your company here, with the account that you have.',
  password: 'New password (at least 8 characters)',
  button: 'Save',
  accept: 'Accept',
  done: 'Done. You can close this page and sign in.',
  failed: 'That did not work. The link may be used up, or too old.',
};

const WORDS: Readonly<Record<string, Words>> = {
  en: ENGLISH,
  de: {
    join: 'Du wurdest eingeladen, diesen Laden mitzuführen. Wähle ein Passwort, um anzunehmen.',
    register: 'Wähle ein Passwort, und dein Konto ist eingerichtet.',
    reset: 'Wähle ein neues Passwort. Wo du angemeldet bist, musst du dich neu anmelden.',
    company:
      'Du wurdest eingeladen, hier für deine Firma einzukaufen. Wähle ein Passwort, und du hast ein Konto.',
    companyMember: 'Du wurdest eingeladen, hier für deine Firma einzukaufen, mit dem Konto, das du hast.',
    password: 'Neues Passwort (mindestens 8 Zeichen)',
    button: 'Speichern',
    accept: 'Annehmen',
    done: 'Fertig. Du kannst diese Seite schließen und dich anmelden.',
    failed: 'Das hat nicht geklappt. Vielleicht ist der Link verbraucht oder zu alt.',
  },
  nb: {
    join: 'Du er invitert til å drive denne butikken sammen med andre. Velg et passord for å takke ja.',
    register: 'Velg et passord, så er kontoen din klar.',
    reset: 'Velg et nytt passord. Der du er logget inn, må du logge inn på nytt.',
    company: 'Du er invitert til å handle for firmaet ditt her. Velg et passord, så har du en konto.',
    companyMember: 'Du er invitert til å handle for firmaet ditt her, med kontoen du har.',
    password: 'Nytt passord (minst 8 tegn)',
    button: 'Lagre',
    accept: 'Takk ja',
    done: 'Ferdig. Du kan lukke siden og logge inn.',
    failed: 'Det gikk ikke. Lenken kan være brukt eller for gammel.',
  },
  ja: {
    join: 'このショップの運営に招待されています。パスワードを設定して参加してください。',
    register: 'パスワードを設定すると、アカウントが開設されます。',
    reset: '新しいパスワードを設定してください。ログイン中の端末では、再度ログインが必要です。',
    company:
      'このショップで会社として購入するよう招待されています。パスワードを設定すると、アカウントが開設されます。',
    companyMember: 'お持ちのアカウントで、会社として購入するよう招待されています。',
    password: '新しいパスワード（8文字以上）',
    button: '保存',
    accept: '承諾',
    done: '完了しました。このページを閉じて、ログインしてください。',
    failed: '処理できませんでした。リンクが使用済みか、期限切れの可能性があります。',
  },
};

const SCRIPT = `
const by = (id) => document.getElementById(id);
const token = location.hash.slice(1);
history.replaceState(null, '', location.pathname);
by('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const { to, onwards, done, failed } = by('form').dataset;
  const answer = await fetch(to, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, password: by('password')?.value }),
  });
  by('said').textContent = answer.ok ? done : failed;
  by('form').hidden = answer.ok;
  if (answer.ok && onwards !== '') location.assign(onwards);
});
`;
