/**
 * The image `shopmind/recovery` on this machine: with PostgreSQL from npm, as the embedded cluster's database is.
 */
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { findAccount } from '../../embedded/images/postgres/account.ts';
import { prepareBinaries } from '../../embedded/images/postgres/binaries.ts';

const { postgres } = await prepareBinaries(findAccount(tmpdir()));
process.env['POSTGRES_BIN'] = dirname(postgres);
// A Pod's volume is a folder here, below ones that the server's user may not enter.
process.env['SCRATCH'] = tmpdir();
await import('../../recovery/main.ts');
