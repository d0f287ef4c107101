/** A process that fails over between two real servers and is killed meanwhile; what it knows between two lives is in one file. */
import { failover } from '../../operator/recovery/failover/failover.ts';
import { BOUNDS } from '../../operator/recovery/failover/verdict.ts';
import { surroundings } from './failover.ts';

const [, , file = '', west = '', east = ''] = process.argv;
await failover(surroundings(file, { west, east }), 'east', BOUNDS);
