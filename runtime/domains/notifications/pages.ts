/** The few pages of this domain: ending a subscription, and looking at what was sent to nobody. They load nothing from anywhere. */
import { pageStyle } from '../../platform/branding.ts';
import type { RouteResponse } from '../../platform/domain.ts';
import { escapeHtml, sourceOf } from '../../platform/html.ts';
import type { Tenant } from '../../platform/ports.ts';
import { frameIn } from './words/index.ts';

/** Beyond that of every page. */
const OUTBOX_STYLE = `main{max-width:45rem}li{margin:6px 0}iframe{width:100%;height:70vh;border:1px solid}`;

/** A page whose button posts to its own address: what a mail program does by itself, and a person by a click. */
export function unsubscribePage(
  tenant: Tenant,
  address: string,
  locale: string | undefined,
  preferencesAt: string,
): RouteResponse {
  const { unsubscribe } = frameIn(languageOf(tenant, locale));
  return page(
    tenant,
    locale,
    `<h1>${escapeHtml(tenant.displayName)}</h1><p>${escapeHtml(address)}</p>
<form method="post"><button name="List-Unsubscribe" value="One-Click">${escapeHtml(unsubscribe)}</button></form>
${toPreferences(tenant, locale, preferencesAt)}`,
  );
}

export function unsubscribedPage(
  tenant: Tenant,
  locale: string | undefined,
  preferencesAt: string,
): RouteResponse {
  const { unsubscribe } = frameIn(languageOf(tenant, locale));
  return page(
    tenant,
    locale,
    `<h1>${escapeHtml(tenant.displayName)}</h1><p>${escapeHtml(unsubscribe)} ✓</p>
${toPreferences(tenant, locale, preferencesAt)}`,
  );
}

function toPreferences(tenant: Tenant, locale: string | undefined, at: string): string {
  const { preferences } = frameIn(languageOf(tenant, locale));
  return `<p><a href="${escapeHtml(at)}">${escapeHtml(preferences)}</a></p>`;
}

/**
 * The outbox. The key is typed in and kept in the page's memory alone; a message is shown in a frame that runs nothing and asks nobody.
 */
export function outboxPage(tenant: Tenant): RouteResponse {
  return page(
    tenant,
    'en',
    `<h1>${escapeHtml(tenant.displayName)}: outbox</h1>
<p>What was sent while no provider is set up. Nobody outside has it.</p>
<form id="ask"><input id="key" type="password" autocomplete="off" placeholder="admin key" aria-label="admin key" required> <button>Show</button></form>
<p id="said" role="status"></p><ul id="list"></ul><iframe id="shown" title="message" sandbox="" hidden></iframe>`,
    OUTBOX_SCRIPT,
  );
}

const OUTBOX_SCRIPT = `
const by = (id) => document.getElementById(id);
by('ask').addEventListener('submit', async (event) => {
  event.preventDefault();
  const answer = await fetch('/api/admin/notifications/outbox?limit=100', { headers: { authorization: 'Bearer ' + by('key').value } });
  const body = await answer.json();
  by('said').textContent = answer.ok ? body.messages.length + ' messages' : body.detail || body.message || 'refused';
  by('list').replaceChildren(...(answer.ok ? body.messages : []).map(entry));
});
function entry({ at, channel, recipient, message }) {
  const button = document.createElement('button');
  button.textContent = new Date(at).toLocaleString() + ' · ' + channel + ' · ' + recipient + ' · ' + (message.subject || message.text || message.content.title);
  button.addEventListener('click', () => {
    const shown = by('shown');
    shown.hidden = false;
    shown.srcdoc = message.html || '<pre style="white-space:pre-wrap">' + plain(message.text || JSON.stringify(message.content, null, 2)) + '</pre>';
  });
  const item = document.createElement('li');
  item.append(button);
  return item;
}
function plain(text) {
  const node = document.createElement('div');
  node.textContent = text;
  return node.innerHTML;
}
`;

function page(tenant: Tenant, locale: string | undefined, body: string, script?: string): RouteResponse {
  const style = `${pageStyle(tenant.branding)}${script === undefined ? '' : OUTBOX_STYLE}`;
  const html = `<!doctype html><html lang="${escapeHtml(languageOf(tenant, locale))}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>${escapeHtml(tenant.displayName)}</title>
<style>${style}</style></head><body><main>${body}</main>${script === undefined ? '' : `<script>${script}</script>`}</body></html>`;
  const runs = script === undefined ? '' : `script-src ${sourceOf(script)}; connect-src 'self'; `;
  // A message in the frame inherits this: its own styles are inline, its pictures are the shop's.
  const styles = script === undefined ? sourceOf(style) : "'unsafe-inline'";
  return {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src ${styles}; img-src https:; ${runs}form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    },
    bytes: Buffer.from(html),
  };
}

function languageOf(tenant: Tenant, locale: string | undefined): string {
  return (locale ?? tenant.locales[0] ?? 'en').split('-')[0] ?? 'en';
}
