/** The server beside says why it cannot be had. */
import assert from 'node:assert/strict';
import { chmod, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { binariesOf, startPostgres } from '../../../tests/servers/postgres.ts';
import { ownFolder } from '../../../tests/support/owned.ts';
import { RecoveryFailedError, startBeside } from './server.ts';

test('an image without the server of this version is a failure that says so, and not the end of the process', async () => {
  const folder = ownFolder('beside');
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

test('a server that refuses everybody for good is a failure with its reason, and is not asked for ever', async () => {
  const folder = ownFolder('beside');
  const server = await startPostgres();
  try {
    await server.end();
    // The server runs as nobody, who has to get through.
    await chmod(folder, 0o755);
    await symlink(server.data, join(folder, 'data'));
    const { signal } = new AbortController();
    const options = {
      folder,
      binaries: binariesOf(18),
      user: 'postgres',
      database: 'of_another_name',
      settings: {},
      signal,
    };
    await assert.rejects(startBeside(options), (error) => {
      assert.ok(error instanceof RecoveryFailedError);
      assert.match(error.message, /lets nobody in: database "of_another_name" does not exist/);
      return true;
    });
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
