/**
 * What makes a tenant wrong that a schema cannot say: colours nobody can read, hosts that are not the tenant's to take.
 * Pure; asked by admission before an object is stored and by the reconciler before it acts.
 */
import type { ShopMindTenant, TenantSpec } from './tenant.ts';

/** One mistake: where it is, what it is, how to mend it. */
export interface Mistake {
  /** Path of the field, for example `spec.hosts[1]`. */
  readonly field: string;
  readonly message: string;
}

/** WCAG 2.2 AA for body text. */
const CONTRAST = 4.5;
const DEFAULTS = { background: '#ffffff', text: '#111827' };

/** Palettes whose text cannot be read. */
export function paletteMistakes(spec: TenantSpec): readonly Mistake[] {
  const colors = spec.branding?.colors;
  if (colors === undefined) return [];
  const { primary, onPrimary, background = DEFAULTS.background, text = DEFAULTS.text } = colors;
  const pairs = [
    {
      field: 'text',
      on: 'background',
      ink: text,
      paper: background,
      given: colors.text ?? colors.background,
    },
    { field: 'onPrimary', on: 'primary', ink: onPrimary, paper: primary, given: onPrimary },
  ];
  return pairs.flatMap(({ field, on, ink, paper, given }) => {
    if (ink === undefined || given === undefined) return [];
    const ratio = contrast(ink, paper);
    if (ratio >= CONTRAST) return [];
    const better = contrast('#000000', paper) > contrast('#ffffff', paper) ? 'darker' : 'lighter';
    return [
      {
        field: `spec.branding.colors.${field}`,
        message: `${ink} on ${on} ${paper} has a contrast of ${ratio.toFixed(2)}, text needs ${CONTRAST}: choose a ${better} ${field}`,
      },
    ];
  });
}

/**
 * Hosts that somebody else has.
 * @param ownerOf name of the tenant that has the host; the tenant itself does not count
 * @param platformHosts hosts the platform itself answers to
 */
export function hostMistakes(
  tenant: Pick<ShopMindTenant, 'metadata' | 'spec'>,
  ownerOf: (host: string) => string | undefined,
  platformHosts: readonly string[] = [],
): readonly Mistake[] {
  return tenant.spec.hosts.flatMap((host, index) => {
    const field = `spec.hosts[${index}]`;
    if (platformHosts.includes(host)) {
      return [{ field, message: `${host} is the platform's own: choose another host` }];
    }
    const owner = ownerOf(host);
    if (owner === undefined || owner === tenant.metadata.name) return [];
    return [
      { field, message: `${host} belongs to tenant ${owner}: choose another host, or remove it there first` },
    ];
  });
}

/** Contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance of sRGB). */
export function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const channel = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
