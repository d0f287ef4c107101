/** The analytics domain's handlers: what pages tell is taken in, what merchants ask is put to the store. */
import type { CreateService } from '../../platform/domain.ts';
import { analytics } from './definition.ts';
import { hearOfMessages, hearOfOrder, hearOfPayment, hearOfProduct } from './hearing.ts';
import { createIntake, SHIP } from './intake.ts';
import { factsOf, seenIn } from './pages.ts';
import { subjectOf } from './people.ts';
import { createReports } from './reports.ts';
import { searchesOf } from './searches.ts';
import type * as s from './schemas.ts';
import { answer, exported } from './tables.ts';

export const createService: CreateService = (platform) => {
  const { sql, clock } = platform;
  const intake = createIntake(platform);
  const reports = createReports(platform);

  return {
    definition: analytics,
    operations: {},
    hearsApart: true,
    consumers: {
      'orders.order': hearOfOrder(intake),
      'payments.payment': hearOfPayment(intake),
      'catalog.product': hearOfProduct,
      'chat.message': hearOfMessages(intake),
    },
    tasks: { [SHIP]: intake.ship },
    routes: {
      async tell({ tenant, caller, body, headers }) {
        // The host has parsed it by the definition's schema, as every query below.
        const message = body as s.PageMessage;
        await intake.checkRoom(tenant.id);
        const accepted = await sql.transaction(tenant.id, async (tx) => {
          const { customerId } = caller;
          const customer = customerId === undefined ? undefined : await subjectOf(tx, tenant.id, customerId);
          const told = { tenant, message, customer, headers, now: clock.now() };
          const facts = factsOf(told);
          const first = await intake.write(tx, tenant.id, `page.${message.id}`, facts);
          const seen = first ? seenIn(told, customerId) : undefined;
          if (seen !== undefined)
            await tx.emit({
              topic: 'analytics.visit',
              type: 'analytics.visit.seen',
              key: seen.visit ?? message.id,
              payload: seen,
            });
          return facts.length;
        });
        return { json: { accepted } };
      },
      async getOverview({ tenant, query }) {
        const asked = query as Asked<typeof s.overviewQuery>;
        return answer(asked.format, 'overview', await reports.overview(tenant, asked), (report) => [
          { period: 'current', ...report.current },
          { period: 'previous', ...report.previous },
        ]);
      },
      async getRevenue({ tenant, query }) {
        const asked = query as Asked<typeof s.revenueQuery>;
        return answer(asked.format, 'revenue', await reports.revenue(tenant, asked), ({ points }) => points);
      },
      async getSeries({ tenant, query }) {
        const asked = query as Asked<typeof s.seriesQuery>;
        return answer(asked.format, asked.kind, await reports.series(tenant, asked), ({ points }) => points);
      },
      async getTop({ tenant, query }) {
        const asked = query as Asked<typeof s.topQuery>;
        return answer(asked.format, 'top', await reports.top(tenant, asked), ({ values }) => values);
      },
      async getSearches({ tenant, query }) {
        return { json: await searchesOf(platform, tenant, query as Asked<typeof s.searchesQuery>) };
      },
      async getFunnel({ tenant, query }) {
        const asked = query as Asked<typeof s.funnelQuery>;
        return answer(asked.format, 'funnel', await reports.funnel(tenant, asked), ({ steps }) => steps);
      },
      async getSessions({ tenant, query }) {
        const asked = query as Asked<typeof s.sessionsQuery>;
        return answer(
          asked.format,
          'sessions',
          await reports.sessions(tenant, asked),
          ({ points }) => points,
        );
      },
      async getCohorts({ tenant, query }) {
        const asked = query as Asked<typeof s.cohortsQuery>;
        return answer(asked.format, 'cohorts', await reports.cohorts(tenant, asked), ({ cohorts }) =>
          cohorts.flatMap(({ at, customers: size, periods }) =>
            periods.map((period) => ({ at, size, ...period })),
          ),
        );
      },
      async getLive({ tenant, query }) {
        return { json: await reports.live(tenant, query as Asked<typeof s.liveQuery>) };
      },
      exportFacts({ tenant, query }) {
        const asked = query as Asked<typeof s.factsQuery>;
        return exported(platform.analytics, tenant.id, reports.factsSpan(tenant, asked), asked.format);
      },
    },
  };
};

type Asked<Query extends { readonly _output: unknown }> = Query['_output'];
