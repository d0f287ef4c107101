/** Crowds of clients in processes of their own, told how fast to talk and asked what arrived. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { own } from '../../support/owned.ts';

/** Letters of a message. */
export const LETTERS = 200;
const PROCESSES = 2;

export interface Plan {
  readonly kind: 'socket.io' | 'ws' | 'shopmind';
  readonly ports: readonly number[];
  readonly host: string;
  readonly rooms: readonly string[];
  readonly perRoom: number;
  /** Of ours: each member's token. */
  readonly guests: readonly string[];
}

export interface Asked {
  readonly perSecond?: number;
  /** Whether counting begins anew. */
  readonly isNew?: boolean;
}

export interface Report {
  readonly got: number;
  readonly sent: number;
  readonly acked: number;
  readonly refused: number;
  /** Milliseconds, of one delivery in sixteen. */
  readonly latencies: readonly number[];
  readonly cpu: NodeJS.CpuUsage;
}

export interface Crowd {
  /** Of all processes together. */
  talk(perSecond: number): Promise<void>;
  /** What came since the last call. */
  report(): Promise<Omit<Report, 'cpu'> & { readonly cpuSeconds: number }>;
  end(): void;
}

/** Resolves when every connection stands in its room. */
export async function gather(plan: Plan): Promise<Crowd> {
  const share = Math.ceil(plan.rooms.length / PROCESSES);
  const children = Array.from({ length: PROCESSES }, (_, n) => {
    const part: Plan = {
      ...plan,
      rooms: plan.rooms.slice(n * share, (n + 1) * share),
      guests: plan.guests.slice(n * share * plan.perRoom, (n + 1) * share * plan.perRoom),
    };
    const child = fork(new URL('./crowd.process.ts', import.meta.url), { serialization: 'advanced' });
    own(child);
    child.send(part);
    return child;
  });
  const end = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  try {
    await Promise.all(children.map(ready));
  } catch (error) {
    end();
    throw error;
  }
  const ask = (asked: Asked): Promise<Report[]> =>
    Promise.all(
      children.map(async (child) => {
        child.send(asked);
        const [report] = (await once(child, 'message')) as [Report]; // crowd.process.ts says nothing else
        return report;
      }),
    );
  return {
    async talk(perSecond) {
      await ask({ perSecond: perSecond / PROCESSES });
    },
    async report() {
      const reports = await ask({ isNew: true });
      const sum = (of: (report: Report) => number): number =>
        reports.reduce((all, each) => all + of(each), 0);
      return {
        got: sum(({ got }) => got),
        sent: sum(({ sent }) => sent),
        acked: sum(({ acked }) => acked),
        refused: sum(({ refused }) => refused),
        latencies: reports.flatMap(({ latencies }) => latencies),
        cpuSeconds: sum(({ cpu }) => (cpu.user + cpu.system) / 1e6),
      };
    },
    end,
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`a crowd ended with ${code} before it stood`)));
  });
}
