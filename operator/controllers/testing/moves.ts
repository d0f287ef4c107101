/**
 * Moves in memory, with the contract of the real ones: each step asks for the state it needs, and a tenant's rows are always
 * at exactly one home.
 */
import { MoveLostError, TargetNotEmptyError } from '../../provisioners/postgres/move/moves.ts';
import type { MoveRecord, Moves } from '../../provisioners/postgres/move/moves.ts';

export interface FakeMoves extends Moves {
  /** Schema of each tenant's rows. */
  readonly homes: Map<string, string>;
  /** Schemas that are made and not removed. */
  readonly schemas: Set<string>;
  /** `tenant@schema` where rows of an earlier tenant lie. */
  readonly occupied: Set<string>;
  /** How long ago every switch was; a minute by default. */
  sinceSwitchMs: number;
  /** Whether the tenant may be written. */
  isOpen(tenant: string): boolean;
}

const STATES: readonly MoveRecord['state'][] = ['copying', 'frozen', 'switched', 'cleaning', 'aborting'];

/** @param step notes what is done, and fails when the test says so */
export function createFakeMoves(step: <T>(what: string, act: () => T) => Promise<T>): FakeMoves {
  const homes = new Map<string, string>();
  const records = new Map<string, MoveRecord>();
  const schemas = new Set<string>();
  const occupied = new Set<string>();

  const held = (tenant: string, states: readonly MoveRecord['state'][], step: string): MoveRecord => {
    const record = records.get(tenant);
    if (record === undefined || !states.includes(record.state)) throw new MoveLostError(tenant, step);
    return record;
  };
  const set = (tenant: string, record: MoveRecord, parts: Partial<MoveRecord>): void =>
    void records.set(tenant, { ...record, ...parts });
  const drop = (schema: string): string[] => (schemas.delete(schema) ? [`DROP SCHEMA ${schema}`] : []);

  const self: FakeMoves = {
    homes,
    schemas,
    occupied,
    sinceSwitchMs: 60_000,
    isOpen: (tenant) => records.get(tenant)?.state !== 'frozen',
    find: (tenant) =>
      step('', () => {
        const record = records.get(tenant);
        const switchedMs = record?.switchedMs === 0 ? 0 : self.sinceSwitchMs;
        return { home: homes.get(tenant), move: record && { ...record, switchedMs } };
      }),
    async begin(tenant, way) {
      const record = records.get(tenant);
      if (record?.from === way.from && record.to === way.to && record.state === 'copying') return;
      if (record !== undefined || homes.get(tenant) !== way.from) throw new MoveLostError(tenant, 'begin');
      if (occupied.has(`${tenant}@${way.to}`)) throw new TargetNotEmptyError(tenant, way.to, 'products');
      await step(`begin ${tenant} ${way.from} ${way.to}`, () => {
        const startedAt = new Date('2026-01-01T00:00:00Z');
        records.set(tenant, { ...way, state: 'copying', rows: 0, startedAt, frozenMs: 0, switchedMs: 0 });
      });
    },
    copy: (tenant) =>
      step(`copy ${tenant}`, () => {
        const record = held(tenant, ['copying'], 'copy');
        // In two visits, so that something may happen in between.
        set(tenant, record, { rows: Math.min(record.rows + 1_000, 2_000) });
        return record.rows >= 1_000;
      }),
    freeze: (tenant) =>
      step(`freeze ${tenant}`, () => {
        set(tenant, held(tenant, ['copying', 'frozen'], 'freeze'), { state: 'frozen' });
        return true;
      }),
    settle: (tenant) =>
      step(`settle ${tenant}`, () => {
        held(tenant, ['frozen'], 'settle');
        return 3;
      }),
    verify: (tenant) =>
      step(`verify ${tenant}`, () => {
        set(tenant, held(tenant, ['frozen'], 'verify'), { rows: 2_003 });
        return 2_003;
      }),
    switchOver: (tenant) =>
      step(`switch ${tenant}`, () => {
        const record = held(tenant, ['frozen', 'switched'], 'switch');
        homes.set(tenant, record.to);
        set(tenant, record, { state: 'switched', frozenMs: 120, switchedMs: 1 });
      }),
    clean: (tenant) =>
      step(`clean ${tenant}`, () => {
        const record = held(tenant, ['switched', 'cleaning'], 'clean');
        set(tenant, record, { state: 'cleaning' });
        return drop(record.from);
      }),
    callOff: (tenant) =>
      step(`call off ${tenant}`, () =>
        set(tenant, held(tenant, ['copying', 'frozen', 'aborting'], 'call off'), { state: 'aborting' }),
      ),
    discard: (tenant) => step(`discard ${tenant}`, () => drop(held(tenant, ['aborting'], 'discard').to)),
    end: (tenant) =>
      step(`end ${tenant}`, () => {
        const state = records.get(tenant)?.state;
        if (state === 'cleaning' || state === 'aborting') records.delete(tenant);
      }),
    abandon: (tenant) =>
      step(`abandon ${tenant}`, () => {
        const { state, from, to } = held(tenant, STATES, 'abandon');
        records.delete(tenant);
        return drop(state === 'switched' || state === 'cleaning' ? from : to);
      }),
    plan: async (tenant, { from, to }) => [`COPY 2000 ROWS OF ${tenant} FROM ${from} TO ${to}`],
  };
  return self;
}
