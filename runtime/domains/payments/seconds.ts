/** A moment so many seconds after another; before it where they are negative. */
export function seconds(from: Date, by: number): Date {
  return new Date(from.getTime() + by * 1000);
}
