/** Has all that a test may have: a folder, a server that does as it is told, and PostgreSQL. Says where they are, and is ended by others. */
import { spawn } from 'node:child_process';
import { startPostgres } from '../../servers/postgres.ts';
import { own, ownFolder } from '../../support/owned.ts';

const folder = ownFolder('owned');
const server = spawn('sleep', ['600'], { stdio: 'ignore' });
own(server);
const gone = spawn('true', { stdio: 'ignore' });
own(gone);
const postgres = await startPostgres();
process.send?.({ folder, server: server.pid, postgres: postgres.pid(), data: postgres.data });
process.on('message', () => process.exit(1));
