/** What payments does when orders speaks. */
import type {
  PaymentCaptureRequested,
  PaymentRefundRequested,
  PaymentReleaseRequested,
  PaymentRequested,
  PaymentsEvent,
  PersonalDataErased,
} from '../../contracts/index.ts';
import type { Service } from '../../platform/service.ts';
import type { PaymentsCommand } from './commands.ts';
import type { PaymentsStates } from './model.ts';
import type { PaymentsRejection } from './rejections.ts';

export type PaymentsHeard =
  | PaymentRequested
  | PaymentCaptureRequested
  | PaymentReleaseRequested
  | PaymentRefundRequested
  | PersonalDataErased;
export type PaymentsService = Service<PaymentsStates, PaymentsCommand, PaymentsEvent, PaymentsRejection, PaymentsHeard>;

export const reactions: PaymentsService['reactions'] = {
  'payment.requested': ({ data }) => ({ type: 'start_payment', asked: data }),
  'payment.capture_requested': ({ data }) => ({ type: 'capture_payment', asked: data }),
  'payment.release_requested': ({ data }) => ({ type: 'release_payment', asked: data }),
  'personal_data.erased': ({ data: { order_ids } }) => ({ type: 'erase_personal_data', order_ids }),
  'payment.refund_requested': ({ data }) => ({ type: 'refund_payment', asked: data }),
};
