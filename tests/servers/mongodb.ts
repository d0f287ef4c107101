/**
 * mongo-java-server, an emulator of MongoDB in memory (there is no package of MongoDB itself): it speaks the wire protocol and answers
 * queries, and has neither users nor validators nor transactions, nor anything left after its end.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { ownFolder } from '../support/owned.ts';
import { freePort } from '../support/port.ts';
import { jarsOf } from './maven.ts';
import { startProgram, type Program } from './process.ts';

export interface MongoEmulator extends Program {
  /** `mongodb://…?emulator=true`, of a database of this name; without one, of the whole server. */
  address(database?: string): string;
  stop(): Promise<void>;
}

/** Resolves when it serves: after two seconds; the first call on a machine fetches it (3 MB). */
export async function startMongoEmulator(): Promise<MongoEmulator> {
  const jars = await jarsOf({ groupId: 'de.bwaldvogel', artifactId: 'mongo-java-server', version: '1.47.0' });
  const folder = ownFolder('mongodb');
  const port = await freePort();
  const launcher = join(import.meta.dirname, 'mongodb', 'Launcher.java');
  try {
    const program = await startProgram({
      command: 'java',
      args: [
        '-Xmx256m',
        '-XX:TieredStopAtLevel=1',
        '-XX:+UseSerialGC',
        '-cp',
        join(jars, '*'),
        launcher,
        String(port),
      ],
      folder,
      ready: () => answers(port),
    });
    return {
      ...program,
      address: (database = '') => `mongodb://127.0.0.1:${port}/${database}?emulator=true`,
      async stop() {
        await program.kill();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function answers(port: number): Promise<void> {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/`, { serverSelectionTimeoutMS: 500 });
  try {
    await client.db('admin').command({ ping: 1 });
  } finally {
    await client.close();
  }
}
