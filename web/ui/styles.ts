/** Class lists that several controls share, so that a button is a button wherever it stands. */

const BUTTON =
  'inline-flex items-center justify-center gap-2 rounded-full text-[0.95rem] font-medium transition-colors duration-150 disabled:cursor-not-allowed disabled:opacity-50 aria-disabled:opacity-50';

export const button = {
  primary: `${BUTTON} bg-brand text-on-brand hover:bg-brand-hover min-h-12 px-7 py-3`,
  secondary: `${BUTTON} border border-line-strong text-ink hover:bg-sunken min-h-12 px-7 py-3`,
  small: `${BUTTON} border border-line text-ink hover:border-line-strong min-h-10 px-4 text-sm`,
  quiet: `${BUTTON} text-ink hover:bg-sunken size-11`,
} as const;

export const field =
  'block w-full rounded-xl border border-line-strong/60 bg-canvas px-4 py-3 text-base text-ink placeholder:text-muted focus:border-brand-ink aria-invalid:border-danger';

/** The page's measure. */
export const wrap = 'mx-auto w-full max-w-[84rem] px-5 sm:px-8 lg:px-12';

/** Says it without showing it. */
export const hidden = 'sr-only';

export const heading = {
  display:
    'font-display font-[560] text-[clamp(2.6rem,6.2vw,5.25rem)] leading-[1.02] tracking-[-0.025em] text-balance',
  page: 'font-display font-[560] text-[clamp(2rem,4vw,3.25rem)] leading-[1.08] tracking-[-0.02em] text-balance',
  section: 'font-display font-[560] text-[clamp(1.55rem,2.4vw,2.15rem)] leading-[1.15] tracking-[-0.015em]',
  small: 'font-display font-[560] text-xl leading-snug',
} as const;
