/** What stands around every mail: the shop's head in its colours, the reason for the message, the way out of it. */
import type { Tenant } from '../../../platform/ports.ts';
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

interface Look {
  readonly logo: string | undefined;
  readonly primary: string;
  readonly onPrimary: string;
  readonly background: string;
  readonly text: string;
  readonly font: string;
}

/** The tenant's branding as the API server let it through; what is not as it says there is left out. */
function lookOf(branding: Tenant['branding']): Look {
  const colors = recordOf(branding['colors']);
  const colour = (name: string, otherwise: string): string => {
    const value = colors[name];
    return typeof value === 'string' && /^#[0-9a-fA-F]{6}$/.test(value) ? value : otherwise;
  };
  const { logo } = branding;
  const font = recordOf(branding['fonts'])['body'];
  const primary = colour('primary', '#1f2937');
  return {
    // A mail is read far from the shop: only an address of its own will do.
    logo: typeof logo === 'string' && /^https:\/\/[^\s<>"']+$/.test(logo) ? logo : undefined,
    primary,
    onPrimary: colour('onPrimary', readableOn(primary)),
    background: colour('background', '#ffffff'),
    text: colour('text', '#111827'),
    font: typeof font === 'string' && /^[A-Za-z0-9][A-Za-z0-9 -]*$/.test(font) ? `'${font}'` : 'system-ui',
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  // An object; what is in it is looked at field by field.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Black or white, whichever has more contrast (relative luminance, WCAG 2.2). */
function readableOn(colour: string): string {
  const channels = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = channels.map((c) =>
    c <= 0.040_45 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000000' : '#ffffff';
}
