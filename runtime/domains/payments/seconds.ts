/** A moment so many seconds after another; before it where they are negative. */
export function seconds(from: Date, by: number): Date {
  return new Date(from.getTime() + by * 1000);
}

/** Whoever could not be asked is asked again sooner than it would be their turn. */
const SOON_SECONDS = 900;

/** @returns in how many seconds a task that compares comes again */
export function nextRound(usualSeconds: number, isComplete: boolean): number {
  return isComplete ? usualSeconds : Math.min(usualSeconds, SOON_SECONDS);
}
