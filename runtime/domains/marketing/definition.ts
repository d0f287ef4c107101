/**
 * The marketing domain: feature flags, experiments that may be looked at and ended at any time, campaigns to segments of customers and
 * reminders of carts that were left. It hears of orders and customers by their events; in experiments it knows people by digests.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { DomainDefinition } from '../../platform/definition.ts';
import * as campaigns from './campaigns/schemas.ts';
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
    'Feature flags for OpenFeature, experiments whose statistics hold however often they are looked at, campaigns, and reminders of carts that were left.',
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
    {
      name: 'marketing_people',
      spread: 'tenant',
      access: 'write',
      personal: { by: ['customer_id', 'email'], erase: 'delete' },
    },
    {
      name: 'marketing_purchases',
      spread: 'tenant',
      access: 'write',
      personal: { by: ['customer_id'], erase: 'delete' },
    },
    { name: 'marketing_campaigns', spread: 'tenant', access: 'write' },
    { name: 'marketing_settings', spread: 'tenant', access: 'write' },
  ],
  migrations: new URL('./migrations/', import.meta.url),
  topics: [],
  consumes: ['orders.order', 'accounts.customer'],
  tasks: [
    {
      name: 'marketing.look',
      payload: z.strictObject({ experimentId: experiments.experimentId }),
      maxAttempts: 1_000,
      leaseSeconds: 30,
    },
    {
      name: 'marketing.send',
      payload: z.strictObject({ campaignId: campaigns.campaignId }),
      maxAttempts: 1_000,
      leaseSeconds: 60,
    },
    { name: 'marketing.carts', payload: z.strictObject({}), maxAttempts: 1_000, leaseSeconds: 60 },
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
    {
      id: 'countSegment',
      method: 'POST',
      path: '/api/admin/marketing/segments/count',
      summary: 'How many customers a segment has at present.',
      audience: 'merchant',
      body: campaigns.segment,
      response: campaigns.segmentCount,
    },
    {
      id: 'listCampaigns',
      method: 'GET',
      path: '/api/admin/marketing/campaigns',
      summary: 'Campaigns, newest first, at most two hundred.',
      audience: 'merchant',
      response: campaigns.campaignList,
    },
    {
      id: 'createCampaign',
      method: 'POST',
      path: '/api/admin/marketing/campaigns',
      summary:
        'Tell the customers of a segment something, once each, at a time. Who is in the segment is seen then; who did not ask for news hears nothing.',
      audience: 'merchant',
      body: campaigns.campaignInput,
      response: campaigns.campaign,
      status: 201,
      idempotent: true,
    },
    {
      id: 'getCampaign',
      method: 'GET',
      path: '/api/admin/marketing/campaigns/{id}',
      summary: 'A campaign, and how far it is.',
      audience: 'merchant',
      params: campaigns.ofCampaign,
      response: campaigns.campaign,
    },
    {
      id: 'cancelCampaign',
      method: 'POST',
      path: '/api/admin/marketing/campaigns/{id}/cancel',
      summary: 'Tell nobody more of it.',
      audience: 'merchant',
      params: campaigns.ofCampaign,
      response: campaigns.campaign,
    },
    {
      id: 'getSettings',
      method: 'GET',
      path: '/api/admin/marketing/settings',
      summary: 'Whether people are reminded of carts they left.',
      audience: 'merchant',
      response: campaigns.settings,
    },
    {
      id: 'putSettings',
      method: 'PUT',
      path: '/api/admin/marketing/settings',
      summary: 'Change that. Carts that were left before are not told of.',
      audience: 'merchant',
      body: campaigns.settings,
      response: campaigns.settings,
    },
  ],
  scaling: { min: 1, max: 6, cpuPercent: 70 },
  slo: { availability: 0.999, p99Milliseconds: 300 },
};
