/** Spans are what was done, by whom, below what; the receiver of the tests judges their form. */
import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { spansIn, startReceiver, type SeenSpan, type TraceReceiver } from '../../../tests/support/traces.ts';
import { until } from '../../../tests/support/wait.ts';
import { ShopError } from '../errors.ts';
import { createExporter, type ExporterOptions, type TraceReport } from './export.ts';
import { exportRequest } from './otlp.ts';
import { summaryOf } from './sql.ts';
import { createTracer, NO_SPAN, noTracer, type Tracer } from './tracer.ts';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';

const STRANGERS = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

async function traced(
  context: TestContext,
  ratio = 1,
): Promise<{ readonly tracer: Tracer; readonly seen: () => Promise<readonly SeenSpan[]> }> {
  const receiver: TraceReceiver = await startReceiver();
  context.after(() => receiver.close());
  const tracer = createTracer({
    url: receiver.url,
    ratio,
    // A busy machine needs more than a second for a thousand spans.
    goodbyeMilliseconds: 60_000,
    resource: { 'service.name': 'test', 'shopmind.tenant': undefined },
    onTrouble: () => assert.fail(receiver.faults.join('\n')),
  });
  const seen = async (): Promise<readonly SeenSpan[]> => {
    await tracer.close();
    assert.deepEqual(receiver.faults, []);
    return receiver.spans;
  };
  return { tracer, seen };
}

function failed(error: unknown): void {
  assert.fail(String(error));
}

function named(spans: readonly SeenSpan[], name: string): SeenSpan {
  const found = spans.find((span) => span.name === name);
  assert.ok(found, `${name} among ${spans.map((span) => span.name).join(', ')}`);
  return found;
}

test('a span is part of the one its work was begun in, however the calls went', async (context) => {
  const { tracer, seen } = await traced(context);
  await tracer.run(
    'outer',
    { kind: 'server', attributes: { 'http.request.method': 'GET', size: 3, share: 0.5, ok: true } },
    async () => {
      await Promise.all([
        tracer.run('left', {}, () => Promise.resolve()),
        tracer.run('right', {}, () => Promise.resolve()),
      ]);
    },
  );
  const spans = await seen();
  const outer = named(spans, 'outer');
  assert.equal(outer.parentId, '');
  assert.equal(outer.kind, 'server');
  assert.equal(outer.service, 'test');
  assert.deepEqual(outer.attributes, { 'http.request.method': 'GET', size: 3, share: 0.5, ok: true });
  for (const name of ['left', 'right']) {
    const inner = named(spans, name);
    assert.deepEqual([inner.traceId, inner.parentId], [outer.traceId, outer.id]);
    assert.ok(inner.begun >= outer.begun && inner.ended <= outer.ended);
  }
  assert.equal(spans.length, 3);
});

test('a traceparent carries a trace on: to another process, into an event, past a time', async (context) => {
  const { tracer, seen } = await traced(context);
  let carried: string | undefined;
  await tracer.run('first', { parent: STRANGERS }, () => {
    carried = tracer.here();
    assert.deepEqual(tracer.headers(), { traceparent: carried });
    assert.deepEqual(tracer.logFields(), { traceId: '4bf92f3577b34da6a3ce929d0e0e4736' });
    return Promise.resolve();
  });
  assert.equal(tracer.here(), undefined, 'nothing is left behind');
  await tracer.span('later', () => Promise.resolve(), carried);
  const spans = await seen();
  assert.equal(named(spans, 'first').parentId, '00f067aa0ba902b7');
  assert.equal(named(spans, 'later').parentId, named(spans, 'first').id);
  assert.equal(named(spans, 'later').traceId, '4bf92f3577b34da6a3ce929d0e0e4736');
});

test('what is done together shows in each of the traces, and points to where it was done', async (context) => {
  const { tracer, seen } = await traced(context);
  const origins: string[] = [];
  for (const name of ['one', 'two', 'three'])
    await tracer.run(name, { parent: 'none' }, () => Promise.resolve(origins.push(tracer.here() ?? '')));
  await tracer.span('write', () => tracer.span('insert', () => Promise.resolve()), origins);
  const spans = await seen();
  const writes = spans.filter(({ name }) => name === 'write');
  const work = writes.find(({ traceId }) => traceId === named(spans, 'one').traceId);
  assert.ok(work);
  assert.equal(named(spans, 'insert').parentId, work.id);
  assert.deepEqual(
    work.links.map(({ traceId }) => traceId),
    [named(spans, 'two').traceId, named(spans, 'three').traceId],
  );
  for (const name of ['two', 'three']) {
    const beside = writes.find(({ traceId }) => traceId === named(spans, name).traceId);
    assert.equal(beside?.parentId, named(spans, name).id);
    assert.deepEqual(beside?.links, [{ traceId: work.traceId, spanId: work.id }]);
  }
});

test('of many traces the wanted share is recorded, each whole or not at all', async (context) => {
  const { tracer, seen } = await traced(context, 0.25);
  for (let n = 0; n < 2_000; n += 1)
    await tracer.run('root', { parent: 'none' }, () =>
      tracer.span('here', () => Promise.resolve(), tracer.here()),
    );
  const spans = await seen();
  const roots = spans.filter(({ name }) => name === 'root');
  // Six standard deviations of a binomial distribution.
  assert.ok(Math.abs(roots.length - 500) < 6 * Math.sqrt(2_000 * 0.25 * 0.75), `${roots.length} of 2000`);
  assert.equal(spans.length, roots.length * 2);
});

test('a stranger may name the trace, and does not decide that it is recorded', async (context) => {
  const { tracer, seen } = await traced(context, 0);
  await tracer.run('of ours', { parent: STRANGERS }, () => Promise.resolve());
  await tracer.run('of a stranger', { parent: STRANGERS, isOutside: true }, () => {
    assert.match(tracer.here() ?? '', /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-00$/);
    return Promise.resolve();
  });
  assert.deepEqual(
    (await seen()).map(({ name }) => name),
    ['of ours'],
  );
});

test('what fails is kept, with what led there, of traces that are not recorded', async (context) => {
  const { tracer, seen } = await traced(context, 0);
  const boom = new TypeError('ada@example.com is not a function');
  await assert.rejects(
    tracer.run('request', { kind: 'server', parent: 'none' }, async () => {
      await tracer.span('went well', () => Promise.resolve());
      await tracer.span('step', () => tracer.run('call', { kind: 'client' }, () => Promise.reject(boom)));
    }),
    boom,
  );
  const spans = await seen();
  assert.deepEqual(spans.map(({ name }) => name).toSorted(), ['call', 'request', 'step']);
  assert.equal(named(spans, 'call').parentId, named(spans, 'step').id);
  assert.equal(named(spans, 'step').parentId, named(spans, 'request').id);
  for (const span of spans) {
    assert.ok(span.isFailed && !span.isSampled);
    assert.equal(span.attributes['error.type'], 'TypeError');
  }
  assert.doesNotMatch(
    JSON.stringify(spans.map(({ attributes }) => attributes)),
    /ada/,
    'messages are nobody’s business',
  );
});

test('a refusal is told by its code and is no failure', async (context) => {
  const { tracer, seen } = await traced(context);
  const refusal = new ShopError('not_found', 'There is no Ada.');
  await assert.rejects(
    tracer.run('look', {}, () => Promise.reject(refusal)),
    refusal,
  );
  const [span] = await seen();
  assert.equal(span?.isFailed, false);
  assert.equal(span?.attributes['error.type'], 'not_found');
});

test('work that is left behind and fails later still shows what it belongs to', async (context) => {
  const { tracer, seen } = await traced(context, 0);
  const gate = Promise.withResolvers<void>();
  let left: Promise<unknown> = Promise.resolve();
  await tracer.run('request', { parent: 'none' }, () => {
    left = tracer.span('left behind', () => gate.promise).catch((error: unknown) => error);
    return Promise.resolve();
  });
  gate.reject(new Error('too late'));
  await left;
  const spans = await seen();
  assert.equal(named(spans, 'left behind').parentId, named(spans, 'request').id);
});

test('switched off, the work is done and nothing else', async () => {
  assert.equal(createTracer({ url: undefined, ratio: 1, resource: {}, onTrouble: failed }), noTracer);
  assert.equal(noTracer.begin('x'), NO_SPAN);
  assert.equal(await noTracer.run('x', {}, (span) => Promise.resolve(span === NO_SPAN)), true);
  assert.deepEqual(
    [noTracer.here(), noTracer.headers(), noTracer.logFields(), noTracer.report()],
    [undefined, {}, {}, undefined],
  );
});

test('a traceparent is read strictly, and written as it was read', () => {
  const context = parseTraceparent(STRANGERS);
  assert.ok(context);
  assert.equal(formatTraceparent(context), STRANGERS);
  for (const bad of [
    undefined,
    '',
    STRANGERS.toUpperCase(),
    `${STRANGERS}-00`,
    STRANGERS.replace('00-', 'ff-'),
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`,
  ])
    assert.equal(parseTraceparent(bad), undefined, String(bad));
});

test('the judge of these tests notices what is not OTLP', async () => {
  const good = exportRequest([spanOf(0)], { 'service.name': 'x' }, 1_764_000_000_000.25);
  assert.equal(spansIn(good)[0]?.begun, 1_764_000_000_001_250_000n);
  for (const [what, bad] of [
    ['a misnamed field', good.replace('"traceId"', '"trace_id"')],
    ['a field of another type', good.replace('"kind":1', '"kind":"1"')],
    ['a field out of place', good.replace('"flags":1', '"resource":1')],
    ['an id too short', good.replace(/"spanId":"../, '"spanId":"')],
  ] as const)
    assert.throws(() => spansIn(bad), what);
});

for (const [text, summary] of [
  ['SELECT p.id FROM products p WHERE p.tenant_id = $1', 'SELECT products'],
  ['insert into orders_orders (id) values ($1)', 'INSERT orders_orders'],
  ['update carts set x = 1', 'UPDATE carts'],
  ['with a as (insert into t values (1)) select x from kept', 'SELECT t'],
  ["select 'from secrets' as word from words", 'SELECT words'],
  ['select count(*)', 'SELECT'],
  ['listen x', 'SQL'],
] as const)
  test(`of a statement only its kind and table are told: ${summary}`, () =>
    assert.equal(summaryOf(text), summary));

// ── the receiver is slow, gone, or somebody else ──────────────────────────────────────────────────

function spanOf(n: number) {
  return {
    ...NO_SPAN,
    traceId: n.toString(16).padStart(31, '0') + 'a',
    name: `span ${n}`,
    begunAt: 1,
    endedAt: 2,
    attributes: {},
    isSampled: true,
  };
}

async function receiverThat(context: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
}

interface Trial {
  readonly url: string;
  readonly options?: Partial<ExporterOptions>;
  readonly spans: number;
}

/** Pushes spans, each at once, and answers what became of them and which troubles were told. */
async function send({ url, options, spans }: Trial): Promise<TraceReport & { readonly troubles: number }> {
  let troubles = 0;
  const exporter = createExporter({
    url,
    resource: { 'service.name': 'test' },
    onTrouble: () => (troubles += 1),
    delayMilliseconds: 1,
    firstPauseMilliseconds: 1,
    ...options,
  });
  for (let n = 0; n < spans; n += 1) exporter.push(spanOf(n));
  await until(() => total(exporter.report()) === spans || undefined, {
    withinMs: 60_000,
    what: 'all spans are accounted for',
  });
  await exporter.close();
  return { ...exporter.report(), troubles };
}

function total({ sent, overflowed, unreachable, refused }: TraceReport): number {
  return sent + overflowed + unreachable + refused;
}

const NOTHING_SENT = { sent: 0, overflowed: 0, unreachable: 0, refused: 0 };

const gone: RequestListener = (request) => request.socket.destroy();
const silent: RequestListener = (request) => request.resume();

function answering(status: number, body: string): RequestListener {
  return (request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(status, { 'content-type': 'text/html' }).end(body));
  };
}

for (const [what, listener, expected] of [
  ['is gone', gone, { unreachable: 30, overflowed: 10, troubles: 1 }],
  ['never answers', silent, { unreachable: 30, overflowed: 10, troubles: 1 }],
  ['is overloaded', answering(503, 'later'), { unreachable: 30, overflowed: 10, troubles: 1 }],
  ['is a web page', answering(200, '<html>'), { refused: 30, overflowed: 10, troubles: 1 }],
  ['is not there', answering(404, 'no'), { refused: 30, overflowed: 10, troubles: 1 }],
  ['moved', answering(302, ''), { refused: 30, overflowed: 10, troubles: 1 }],
  [
    'says no end of things',
    answering(200, '{"x":"'.padEnd(200_000, 'x')),
    { refused: 30, overflowed: 10, troubles: 1 },
  ],
  [
    'takes some of them',
    answering(200, '{"partialSuccess":{"rejectedSpans":"4"}}'),
    { sent: 18, refused: 12, overflowed: 10, troubles: 0 },
  ],
  ['says nothing', answering(200, ''), { sent: 30, overflowed: 10, troubles: 0 }],
] as const)
  test(`a receiver that ${what} costs spans, which are counted, and nothing else`, async (context) => {
    const url = await receiverThat(context, listener);
    // Ten are on their way, twenty wait, and for ten there is no room. Only who never answers is not waited for long.
    const options = { room: 20, batch: 10, answerMilliseconds: listener === silent ? 50 : 30_000 };
    assert.deepEqual(await send({ url, options, spans: 40 }), {
      ...NOTHING_SENT,
      ...expected,
    });
  });

test('a receiver that comes back is sent what waited, and told in what it says', async (context) => {
  let asked = 0;
  const bodies: string[] = [];
  const url = await receiverThat(context, (request, response) => {
    asked += 1;
    if (asked <= 2) return void response.writeHead(429, { 'retry-after': '0' }).end();
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      bodies.push(Buffer.concat(parts).toString('utf8'));
      response.end('{}');
    });
  });
  const report = await send({ url, spans: 5 });
  assert.deepEqual([report.sent, report.troubles], [5, 1]);
  assert.deepEqual(
    bodies.flatMap(spansIn).map(({ name }) => name),
    [0, 1, 2, 3, 4].map((n) => `span ${n}`),
  );
});

test('a process that ends sends what is left, and does not wait for a receiver that does not answer', async (context) => {
  const receiver = await startReceiver();
  context.after(() => receiver.close());
  const exporter = createExporter({
    url: receiver.url,
    resource: { 'service.name': 'test' },
    onTrouble: failed,
    delayMilliseconds: 3_600_000,
  });
  exporter.push(spanOf(1));
  await exporter.close();
  assert.equal(receiver.spans.length, 1);

  const deaf = await receiverThat(context, silent);
  const other = createExporter({
    url: deaf,
    resource: { 'service.name': 'test' },
    onTrouble: () => undefined,
    delayMilliseconds: 3_600_000,
  });
  other.push(spanOf(2));
  await other.close();
  assert.equal(other.report().unreachable, 1);
  other.push(spanOf(3));
  assert.equal(total(other.report()), 2, 'what comes afterwards is counted too');
});

test('the usual path is added where none is said, and another is kept', async (context) => {
  const paths: (string | undefined)[] = [];
  const url = await receiverThat(context, (request, response) => {
    paths.push(request.url);
    response.end('{}');
  });
  await send({ url, spans: 1 });
  await send({ url: `${url}/otlp/v1/traces`, spans: 1 });
  assert.deepEqual(paths, ['/v1/traces', '/otlp/v1/traces']);
});
