/**
 * The marketing domain: feature flags, and experiments that may be looked at and ended at any time.
 * It hears of orders by their events, and knows people by digests.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { DomainDefinition } from '../../platform/definition.ts';
import * as experiments from './experiments/schemas.ts';
import * as flags from './flags/schemas.ts';

/** As somebody is written down here. */
export function subjectOf(targetingKey: string): string {
  return createHash('sha256').update(`marketing/${targetingKey}`).digest('base64url').slice(0, 22);
}

const written = (name: string): readonly string[] => [subjectOf(name)];
const ofFlag = z.strictObject({ key: flags.flagKey });

export const marketing: DomainDefinition = {
  name: 'marketing',
  summary:
    'Feature flags for OpenFeature, and experiments whose statistics hold however often they are looked at, with guard rails.',
  tables: [
    { name: 'marketing_flags', spread: 'tenant', access: 'write' },
    { name: 'marketing_experiments', spread: 'tenant', access: 'write' },
    {
      name: 'marketing_exposures',
      spread: 'tenant',
      access: 'write',
      personal: { by: { column: 'subject', written }, erase: 'delete' },
    },
    {
      name: 'marketing_goals',
      spread: 'tenant',
      access: 'write',
      personal: { by: { column: 'subject', written }, erase: 'delete' },
    },
    {
      name: 'marketing_orders',
      spread: 'tenant',
      access: 'write',
      personal: { by: { column: 'subject', written }, erase: 'delete' },
    },
  ],
  migrations: new URL('./migrations/', import.meta.url),
  topics: [],
  consumes: ['orders.order'],
  tasks: [
    {
      name: 'marketing.look',
      payload: z.strictObject({ experimentId: experiments.experimentId }),
      maxAttempts: 1_000,
      leaseSeconds: 30,
    },
    { name: 'marketing.tidy', payload: z.strictObject({}), maxAttempts: 1_000, leaseSeconds: 30 },
  ],
  buckets: [],
  routes: [
    {
      id: 'evaluateFlag',
      method: 'POST',
      path: '/api/marketing/ofrep/v1/evaluate/flags/{key}',
      summary:
        'What a flag is for somebody (OFREP: give an OpenFeature provider the base URL …/api/marketing). Who is given a variant by an experiment takes part in it from now on.',
      audience: 'shopper',
      params: ofFlag,
      body: flags.evaluationInput,
      response: flags.evaluation,
    },
    {
      id: 'evaluateFlags',
      method: 'POST',
      path: '/api/marketing/ofrep/v1/evaluate/flags',
      summary:
        'What all flags are for somebody (OFREP). Nobody takes part in an experiment by that: a page says what it showed by an exposure.',
      audience: 'shopper',
      body: flags.evaluationInput,
      response: flags.evaluations,
    },
    {
      id: 'expose',
      method: 'POST',
      path: '/api/marketing/exposures',
      summary: 'A page showed what a flag says. May be repeated: the first time counts.',
      audience: 'shopper',
      body: experiments.exposureInput,
      status: 204,
    },
    {
      id: 'reachGoal',
      method: 'POST',
      path: '/api/marketing/goals',
      summary: 'Somebody did what experiments count, or placed an order. May be repeated: it counts once.',
      audience: 'shopper',
      body: experiments.goalInput,
      status: 204,
    },
    {
      id: 'listFlags',
      method: 'GET',
      path: '/api/admin/marketing/flags',
      summary: 'Every flag.',
      audience: 'merchant',
      response: flags.flagList,
    },
    {
      id: 'getFlag',
      method: 'GET',
      path: '/api/admin/marketing/flags/{key}',
      summary: 'One flag.',
      audience: 'merchant',
      params: ofFlag,
      response: flags.flag,
    },
    {
      id: 'putFlag',
      method: 'PUT',
      path: '/api/admin/marketing/flags/{key}',
      summary: 'Make a flag, or write it anew. Runtimes take it up within seconds.',
      audience: 'merchant',
      params: ofFlag,
      body: flags.flagInput,
      response: flags.flag,
    },
    {
      id: 'deleteFlag',
      method: 'DELETE',
      path: '/api/admin/marketing/flags/{key}',
      summary: 'Remove a flag: whoever asks for it goes on with their own default.',
      audience: 'merchant',
      params: ofFlag,
      status: 204,
    },
    {
      id: 'listExperiments',
      method: 'GET',
      path: '/api/admin/marketing/experiments',
      summary: 'Experiments, newest first, at most two hundred.',
      audience: 'merchant',
      response: experiments.experimentList,
    },
    {
      id: 'createExperiment',
      method: 'POST',
      path: '/api/admin/marketing/experiments',
      summary: 'Plan an experiment. Goal, guards, shares and error are fixed from now on.',
      audience: 'merchant',
      body: experiments.planInput,
      response: experiments.experiment,
      status: 201,
      idempotent: true,
    },
    {
      id: 'startExperiment',
      method: 'POST',
      path: '/api/admin/marketing/experiments/{id}/start',
      summary: 'Give its variants out from now on. One experiment a flag at a time.',
      audience: 'merchant',
      params: experiments.ofExperiment,
      response: experiments.experiment,
    },
    {
      id: 'endExperiment',
      method: 'POST',
      path: '/api/admin/marketing/experiments/{id}/end',
      summary: 'Give its variants out no more: the flag is what it says itself. May be done at any time.',
      audience: 'merchant',
      params: experiments.ofExperiment,
      response: experiments.experiment,
    },
    {
      id: 'getResults',
      method: 'GET',
      path: '/api/admin/marketing/experiments/{id}/results',
      summary: 'What it has shown so far, and whether it can be believed.',
      audience: 'merchant',
      params: experiments.ofExperiment,
      response: experiments.results,
    },
  ],
  scaling: { min: 1, max: 6, cpuPercent: 70 },
  slo: { availability: 0.999, p99Milliseconds: 300 },
};
