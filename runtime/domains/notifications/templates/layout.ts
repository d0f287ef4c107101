/** What stands around every mail: the shop's head in its colours, the reason for the message, the way out of it. */
import type { Tenant } from '../../../platform/ports.ts';
import { lookOf } from '../../../platform/branding.ts';
import type { Frame } from '../words/index.ts';
import { escapeHtml } from '../../../platform/html.ts';

export interface Surroundings {
  readonly tenant: Tenant;
  readonly origin: string;
  readonly locale: string;
  readonly frame: Frame;
  readonly subject: string;
  /** Absent: the message is one that nobody can end. */
  readonly wayOut?: WayOut | undefined;
}

/** Addresses that open without a login, because they are signed. */
export interface WayOut {
  /** Ends what the message is of; also by one POST (RFC 8058). */
  readonly unsubscribe: string;
  /** The storefront's page with everything there is to choose. */
  readonly preferences: string;
}

/** @param body HTML that a template made */
export function layoutHtml(
  body: string,
  { tenant, origin, locale, frame, subject, wayOut }: Surroundings,
): string {
  const look = lookOf(tenant.branding);
  const name = escapeHtml(tenant.displayName);
  const head =
    look.logo === undefined
      ? name
      : `<img src="${escapeHtml(look.logo)}" alt="${name}" height="40" style="height:40px">`;
  const link = (to: string, words: string): string =>
    ` · <a href="${escapeHtml(to)}">${escapeHtml(words)}</a>`;
  const end =
    wayOut === undefined
      ? ''
      : link(wayOut.preferences, frame.preferences) + link(wayOut.unsubscribe, frame.unsubscribe);
  return `<!doctype html>
<html lang="${escapeHtml(locale)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(subject)}</title>
<style>
body { margin: 0; background: ${look.background}; color: ${look.text}; font: 16px/1.5 ${look.font}, sans-serif; }
.card { max-width: 600px; margin: 0 auto; padding: 24px; }
.head { font-size: 20px; font-weight: bold; padding-bottom: 16px; border-bottom: 2px solid ${look.primary}; }
.head a, .foot a { color: inherit; }
.button { display: inline-block; padding: 10px 18px; border-radius: 6px; background: ${look.primary}; color: ${look.onPrimary}; text-decoration: none; }
.foot { margin-top: 32px; font-size: 13px; opacity: 0.8; }
</style>
</head>
<body>
<div class="card">
<div class="head"><a href="${escapeHtml(origin)}" style="text-decoration:none">${head}</a></div>
${body}
<div class="foot">${escapeHtml(frame.because)} <a href="${escapeHtml(origin)}">${name}</a>${end}</div>
</div>
</body>
</html>
`;
}

export function layoutText(body: string, { tenant, origin, frame, wayOut }: Surroundings): string {
  const end =
    wayOut === undefined
      ? ''
      : `\n${frame.preferences}: ${wayOut.preferences}\n${frame.unsubscribe}: ${wayOut.unsubscribe}`;
  return `${body.trimEnd()}\n\n-- \n${frame.because} ${tenant.displayName}, ${origin}${end}\n`;
}
