/** Has what a test may have: a folder, a server, and PostgreSQL if it is asked to. Says where they are, and is ended by others. */
import { spawn } from 'node:child_process';
import { startPostgres } from '../../servers/postgres.ts';
import { own, ownFolder } from '../../support/owned.ts';

const folder = ownFolder('owned');
const server = spawn('sleep', ['600'], { stdio: 'ignore' });
own(server);
own(spawn('true', { stdio: 'ignore' }));
const postgres = process.argv.includes('--postgres') ? await startPostgres() : undefined;
process.send?.({
  folders: [folder, ...(postgres === undefined ? [] : [postgres.data])],
  servers: [server.pid, ...(postgres === undefined ? [] : [postgres.pid()])],
});
process.on('message', () => process.exit(1));
