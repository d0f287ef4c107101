/** How a shop looks where the runtime itself writes: in mails and on the few pages that their links lead to. Pure. */
import type { Tenant } from './ports.ts';

/** What of a tenant's branding mails and the runtime's own pages show. */
export interface Look {
  /** An https address. */
  readonly logo: string | undefined;
  readonly primary: string;
  readonly onPrimary: string;
  readonly background: string;
  readonly text: string;
  /** A family, as CSS takes it. */
  readonly font: string;
}

/** The tenant's branding as the API server let it through; what is not as it says there is left out. */
export function lookOf(branding: Tenant['branding']): Look {
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

/** The style of the few pages that the runtime writes itself: a column of text with a form, in the shop's colours. */
export function pageStyle(branding: Tenant['branding']): string {
  const { primary, onPrimary, background, text, font } = lookOf(branding);
  return `body{margin:0;background:${background};color:${text};font:16px/1.5 ${font},sans-serif}
main{box-sizing:border-box;max-width:30rem;margin:0 auto;padding:4rem 1.25rem}
h1{margin:0 0 1.25rem;font-size:1.75rem;line-height:1.15}
label{display:block;margin:1.25rem 0;font-size:.875rem;font-weight:500}
input{display:block;box-sizing:border-box;width:100%;margin-top:.375rem;padding:.75rem 1rem;border:1px solid;border-radius:.75rem;background:none;color:inherit;font:inherit;font-size:1rem}
button{min-height:3rem;padding:.75rem 1.75rem;border:0;border-radius:2rem;background:${primary};color:${onPrimary};font:inherit;font-weight:500;cursor:pointer}
a{color:inherit}
:focus-visible{outline:2px solid ${readableOn(background)};outline-offset:3px}`;
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
