/** Where and when a figure was had. */
import { cpus, loadavg, totalmem } from 'node:os';

/** One line, for the head of a table. The load is that of the minute before: to be asked before anything is measured. */
export function machine(): string {
  const day = new Date().toISOString().slice(0, 10);
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${day}, ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${memory} GiB, Node ${process.versions.node}, load before ${loadavg()[0]?.toFixed(1)}`;
}
