/** Stars that something was given: read aloud as words, drawn to a tenth of a star; and a share as a bar. No style stands in either: pages allow none. */
const STAR = 'm12 2.6 2.9 6 6.6.9-4.8 4.6 1.2 6.5L12 17.5l-5.9 3.1 1.2-6.5L2.5 9.5l6.6-.9L12 2.6Z';

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
      <g opacity="0.25">
        <Row />
      </g>
      {/* An svg within one shows nothing beyond its width. */}
      <svg width={Math.round(of * 240) / 10} height="24">
        <Row />
      </svg>
    </svg>
  );
}

function Row() {
  return [0, 1, 2, 3, 4].map((at) => <path key={at} d={STAR} transform={`translate(${at * 24})`} />);
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
