// A part of the browser's side, so that it comes to the page whole: what the server renders it sends in rows of 3,200 bytes, and the rest of a row
// later (React's Flight); what comes later into an svg React hides by a style, which the page's policy forbids.
'use client';

/** Stars that something was given: read aloud as words, drawn to a tenth of a star; and a share as a bar. No style stands in either: pages allow none. */
const star = (x: number): string =>
  `M${x + 12} 2.6l2.9 6 6.6.9-4.8 4.6 1.2 6.5L${x + 12} 17.5l-5.9 3.1 1.2-6.5L${x + 2.5} 9.5l6.6-.9Z`;
/** Five of them as one path. */
const ROW = [0, 24, 48, 72, 96].map(star).join('');

export function Stars({
  of,
  label,
  className = 'h-4',
}: {
  /** 0 to 5. */
  readonly of: number;
  readonly label: string;
  readonly className?: string;
}) {
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox="0 0 120 24"
      fill="currentColor"
      className={`inline-block text-accent ${className}`}
    >
      <path d={ROW} opacity="0.25" />
      {/* An svg within one shows nothing beyond its width. */}
      <svg width={Math.round(of * 240) / 10} height="24">
        <path d={ROW} />
      </svg>
    </svg>
  );
}

/** Decorative: what holds it says the number. @param of 0 to 1 */
export function Share({ of }: { readonly of: number }) {
  return (
    <svg
      viewBox="0 0 100 8"
      preserveAspectRatio="none"
      aria-hidden="true"
      className="block h-2 w-full overflow-hidden rounded-full bg-sunken text-accent"
    >
      <rect width={Math.round(of * 100)} height="8" fill="currentColor" />
    </svg>
  );
}
