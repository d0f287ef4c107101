/** What a grid of products looks like before it is there: same boxes, so nothing jumps. */
export function GridSkeleton({ count, label }: { readonly count: number; readonly label: string }) {
  return (
    <div
      role="status"
      aria-label={label}
      className="grid grid-cols-2 gap-x-4 gap-y-10 md:grid-cols-3 lg:grid-cols-4 lg:gap-x-6"
    >
      {Array.from({ length: count }, (_, at) => (
        <div key={at} className="animate-pulse motion-reduce:animate-none">
          <div className="aspect-4/5 rounded-2xl bg-sunken" />
          <div className="mt-4 h-4 w-3/4 rounded bg-sunken" />
          <div className="mt-2 h-4 w-1/3 rounded bg-sunken" />
        </div>
      ))}
    </div>
  );
}
