/**
 * A domain small enough to read in a test: every kind of table the provisioner tells apart.
 */
import type { DomainDefinition } from '../../../runtime/platform/definition.ts';

export const shelf: DomainDefinition = {
  name: 'shelf',
  summary: 'Books on shelves.',
  tables: [
    { name: 'books', spread: 'tenant', access: 'write', sweep: true },
    { name: 'shelves', spread: 'tenant', access: 'write' },
    { name: 'journal', spread: 'tenant', access: 'append' },
    { name: 'oddments', spread: 'tenant', access: 'write' },
    { name: 'counters', spread: 'tenant', access: 'write' },
    { name: 'units', spread: 'reference', access: 'read' },
  ],
  migrations: new URL('./shelf/', import.meta.url),
  topics: [],
  consumes: [],
  tasks: [],
  buckets: [],
  routes: [],
  scaling: { min: 1, max: 1, cpuPercent: 70 },
  slo: { availability: 0.99, p99Milliseconds: 500 },
};
