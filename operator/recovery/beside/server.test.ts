/** The server beside says why it cannot be had. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RecoveryFailedError, startBeside } from './server.ts';

test('an image without the server of this version is a failure that says so, and not the end of the process', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shopmind-beside-'));
  try {
    const { signal } = new AbortController();
    const options = {
      folder,
      binaries: '/nowhere/18/bin',
      user: 'postgres',
      database: 'shopmind',
      settings: {},
      signal,
    };
    await assert.rejects(startBeside(options), (error) => {
      assert.ok(error instanceof RecoveryFailedError);
      assert.match(error.message, /PostgreSQL cannot be run: spawn \/nowhere\/18\/bin\/postgres ENOENT/);
      assert.match(error.remedy, /build it with POSTGRES=/);
      return true;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
