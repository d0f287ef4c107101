/**
 * A MinIO of a test's own, an object store that speaks S3, on loopback with its data in a folder that goes with it.
 * Built from its published Go module on first use: some six minutes, then it is in the user's cache. `node tests/servers/minio.ts` builds it.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { formatBucketAddress } from '../../runtime/platform/objects/index.ts';
import { program } from '../cluster/binaries.ts';
import { ownFolder } from '../support/owned.ts';
import { freePort } from '../support/port.ts';
import { startProgram } from './process.ts';

export interface MinioServer {
  readonly endpoint: string;
  /** The root's: may do everything. */
  readonly login: { readonly user: string; readonly password: string };
  /** Makes a bucket, unless there is one. @returns its address with the root's login, `s3://…` */
  bucket(name: string, prefix?: string): Promise<string>;
  /** The address of a bucket that may not exist. */
  address(name: string, prefix?: string): string;
  pid(): number;
  kill(): Promise<void>;
  /** After `kill`. */
  start(): Promise<void>;
  /** Ends it in good order and starts it again. */
  restart(): Promise<void>;
  /** Connections stay open and nobody answers. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const REGION = 'us-east-1';

export async function startMinio(): Promise<MinioServer> {
  const command = await program('minio');
  const folder = ownFolder('minio');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const login = { user: 'root-of-tests', password: randomBytes(18).toString('base64url') };
  try {
    const server = await startProgram({
      command,
      args: ['server', '--quiet', '--address', `127.0.0.1:${port}`, join(folder, 'data')],
      env: {
        MINIO_ROOT_USER: login.user,
        MINIO_ROOT_PASSWORD: login.password,
        MINIO_BROWSER: 'off',
        // It would ask the world for newer versions of itself.
        MINIO_UPDATE: 'off',
        MINIO_CALLHOME_ENABLE: 'off',
      },
      folder,
      ready: async () => {
        const answer = await fetch(`${endpoint}/minio/health/cluster`, {
          signal: AbortSignal.timeout(1_000),
        });
        if (!answer.ok) throw new Error(`it answers ${answer.status}`);
      },
    });
    const address = (name: string, prefix = ''): string =>
      formatBucketAddress({
        bucket: name,
        prefix: prefix === '' ? '' : `${prefix}/`,
        region: REGION,
        endpoint,
        publicEndpoint: undefined,
        login,
      });
    return {
      endpoint,
      login,
      address,
      async bucket(name, prefix) {
        const client = new S3Client({
          endpoint,
          region: REGION,
          forcePathStyle: true,
          credentials: { accessKeyId: login.user, secretAccessKey: login.password },
        });
        try {
          await client.send(new CreateBucketCommand({ Bucket: name }));
        } catch (error) {
          if (!(error instanceof Error) || error.name !== 'BucketAlreadyOwnedByYou') throw error;
        } finally {
          client.destroy();
        }
        return address(name, prefix);
      },
      pid: () => server.pid(),
      kill: () => server.kill(),
      start: () => server.start(),
      async restart() {
        await server.end();
        await server.start();
      },
      pause: () => server.pause(),
      resume: () => server.resume(),
      async stop() {
        await server.kill();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

if (import.meta.main) process.stdout.write(`${await program('minio')}\n`);
