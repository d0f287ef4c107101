/** A failover between two real servers, without a Kubernetes: journal and configuration are a file. */
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Surroundings } from '../../operator/recovery/failover/failover.ts';
import { onServer } from '../../operator/recovery/failover/reach.ts';
import { Record } from '../../operator/recovery/failover/journal.ts';

const State = z.object({
  region: z.string(),
  record: Record.optional(),
  notified: z.number(),
});

/** @param urls superusers', by region */
export function surroundings(file: string, urls: Readonly<{ [region: string]: string }>): Surroundings {
  const read = async (): Promise<z.infer<typeof State>> =>
    existsSync(file)
      ? State.parse(JSON.parse(await readFile(file, 'utf8')))
      : { region: 'west', notified: 0 };
  const change = async (changed: Partial<z.infer<typeof State>>): Promise<void> => {
    const text = JSON.stringify({ ...(await read()), ...changed });
    await writeFile(`${file}.draft`, text);
    await rename(`${file}.draft`, file);
  };
  return {
    database: 'shopmind',
    journal: { read: async () => (await read()).record, write: (record) => change({ record }) },
    region: async () => (await read()).region,
    onServer: (region, work) => onServer(urls[region] ?? '', work, 30_000),
    pointTo: (region) => change({ region }),
    arrived: () => Promise.resolve(),
    warm: () => Promise.resolve({ warmed: 0, cold: 0 }),
    notify: async () => change({ notified: (await read()).notified + 1 }),
    remember: () => Promise.resolve(),
    now: () => new Date(),
    say: () => undefined,
  };
}
