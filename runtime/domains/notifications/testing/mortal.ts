/** Notifications in a runtime that kills itself: before it does what it is asked, or once it has done it and nobody has heard. */
import { dieAt } from '../../../../tests/support/mortal.ts';
import type { CreateService } from '../../../platform/domain.ts';
import { createService } from '../service.ts';

/**
 * Dies at `asked` or `told`, whichever `CRASH` says.
 * @param operation by which it is asked
 * @param isFatal of each asking, in their order
 */
export function mortalNotifications(
  operation: string,
  isFatal: () => boolean = () => true,
): Promise<{ createService: CreateService }> {
  return Promise.resolve({
    createService: (platform) => {
      const service = createService(platform);
      return {
        ...service,
        operations: {
          ...service.operations,
          async [operation](tenant, input) {
            const dies = isFatal();
            if (dies) dieAt('asked');
            const answer = await service.operations[operation]?.(tenant, input);
            if (dies) dieAt('told');
            return answer;
          },
        },
      };
    },
  });
}
