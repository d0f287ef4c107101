/**
 * One processor, assembled: store, courier and HTTP server. `main.ts` runs it as a process, tests run it in theirs.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createKnobs } from './knobs.ts';
import { payPalLetter } from './paypal/letters.ts';
import { PREFIX } from './paypal/server.ts';
import { createSigners } from './paypal/signer.ts';
import { createProcessorServer } from './server.ts';
import { openStore, type Account } from './store.ts';
import { startCourier, stripeLetter } from './webhooks.ts';

export interface ProcessorOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Folder of everything it remembers. */
  readonly data: string;
  readonly adminSecret: string;
  readonly forTests: boolean;
  readonly gatewayUrl?: string | undefined;
  readonly publicOrigin?: string | undefined;
  readonly now?: () => Date;
  readonly warn: (facts: object, message: string) => void;
}

export interface Processor {
  readonly origin: string;
  /** Creates or changes an account, as `POST /_admin/accounts` does. */
  putAccount(account: Account): Promise<void>;
  stop(): Promise<void>;
}

const HOUR_MS = 3_600_000;

/** Resolves when it listens. */
export async function startProcessor(options: ProcessorOptions): Promise<Processor> {
  const now = options.now ?? (() => new Date());
  const store = openStore(options.data);
  const knobs = createKnobs();
  const signer = createSigners(options.data, now);
  const courier = startCourier({
    store,
    knobs,
    now,
    gatewayUrl: options.gatewayUrl,
    warn: options.warn,
    letter: async (delivery, at) =>
      delivery.account.startsWith(PREFIX)
        ? payPalLetter(store, delivery, signer, at)
        : stripeLetter(store, delivery, at),
  });
  const server = createProcessorServer({
    store,
    courier,
    knobs,
    now,
    signer,
    adminSecret: options.adminSecret,
    publicOrigin: options.publicOrigin,
    forTests: options.forTests,
    warn: options.warn,
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const prune = setInterval(() => void store.commit(() => store.prune(now().getTime())), HOUR_MS);
  prune.unref();
  // A listening TCP server has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://${options.host}:${port}`,
    putAccount: (account) => store.commit(() => store.putAccount(account)),
    async stop() {
      clearInterval(prune);
      await closed(server);
      await courier.stop();
      store.close();
    },
  };
}

/** A connection that was busy when closing began is idle a moment later; waiting for its keep-alive to end would take a minute. */
async function closed(server: Server): Promise<void> {
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  try {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  } finally {
    clearInterval(idle);
  }
}
