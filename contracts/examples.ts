/**
 * What the recorded examples share: one order of six bird ornaments and five cake stands, three of them in stock, prices with 20 % VAT.
 * 6 x 255 + 5 x 1275 + 495 carriage = 8400, in two shipments: 1530 + 3825 + 495 = 5850, then 2550.
 */
export const ids = {
  event: 'evt_01hzx3v5t3e5g7j9m1p3r5t7w9',
  cause: 'evt_01hzx3v5q1c3e5g7j9m1p3r5t7',
  order: 'ord_01hzx3v5qjf0k8m2n4p6r8t0v2',
  quote: 'quo_01hzx3tz9pe4r8w2y6a0c4e8g2',
  customer: 'cus_01hzx2b7m3d5f7h9k1n3p5r7t9',
  payment: 'pay_01hzx3v6a1c3e5g7j9m1p3r5t7',
  next_payment: 'pay_01hzx4d2b4e6g8k0n2q4s6v8x0',
  refund: 'rfd_01hzxg7c9f1h3k5n7q9s1v3x5z',
  returned: 'ret_01hzxf2d4g6j8m0p2r4t6w8y0a',
  reservation: 'res_01hzx3v5s2d4f6h8k0n2q4s6v8',
  near: 'loc_01hzw0a1b2c3d4e5f6g7h8j9k0',
  far: 'loc_01hzw0m1n2p3q4r5s6t7v8w9x0',
  shipment: 'shp_01hzx5e3g5j7m9p1r3t5w7y9b1',
  next_shipment: 'shp_01hzxb8f0h2k4n6q8s0v2x4z6b',
  parcel: 'pcl_01hzx5e3h6k8n0q2s4v6x8z0c2',
  supplier: 'sup_01hzv9a3c5e7g9j1m3p5r7t9w1',
  purchase_order: 'po_01hzx6g4j6m8p0r2t4w6y8b0d2',
  proposal: 'prp_01hzx6f1h3k5n7q9s1v3x5z7b9',
  notice: 'asn_01hzx9j2m4p6r8t0w2y4b6d8f0',
  receipt: 'rcp_01hzxa5k7n9q1s3v5x7z9c1e3g',
  adjustment: 'adj_01hzxc3m5p7r9t1w3y5b7d9f1h',
  hold: 'hld_01hzx4k6n8q0s2v4x6z8c0e2g4',
  operation: 'op_01hzx3v7b2d4f6h8k0n2q4s6v8',
  exception: 'exc_01hzx8n4q6s8v0x2z4c6e8g0j2',
  key: 'key_01hzt1a3c5e7g9j1m3p5r7t9w1',
} as const;

export const places = { destination: { country: 'GB', region: null } };

/** The common fields of an order event at one step of the order's life. */
export function order_at<const A extends object>(axes: A) {
  return { order_id: ids.order, customer_ref: ids.customer, currency: 'GBP', axes };
}
export const axes = {
  placed: { status: 'placed', payment_status: 'none', fulfillment_status: 'unfulfilled' },
  awaiting: { status: 'awaiting_payment', payment_status: 'none', fulfillment_status: 'unfulfilled' },
  confirmed: { status: 'confirmed', payment_status: 'authorized', fulfillment_status: 'unfulfilled' },
  backordered: { status: 'confirmed', payment_status: 'authorized', fulfillment_status: 'backordered' },
  shipped: { status: 'in_fulfillment', payment_status: 'authorized', fulfillment_status: 'backordered' },
  completed: { status: 'completed', payment_status: 'captured', fulfillment_status: 'delivered' },
} as const;

const untouched = {
  cancelled: 0,
  backordered: 0,
  allocated: 0,
  in_fulfillment: 0,
  shipped: 0,
  delivered: 0,
  lost: 0,
  sent_back: 0,
  returned: 0,
  credited: 0,
};
/** A line's counters, all zero but those named. */
export function counters(line_no: number, changed: Partial<typeof untouched> & { shipped_value?: number; cancelled_value?: number }) {
  return { line_no, ...untouched, ...changed };
}

const unpaid = { amount_due: 8400, cancelled: 0, credited: 0, authorized: 0, captured: 0, voided: 0, refunded: 0, refund_pending: 0 };
export const money = {
  unpaid,
  authorized: { ...unpaid, authorized: 8400 },
  capturing: { ...unpaid, authorized: 8400, capture_pending: 5850 },
  captured_in_part: { ...unpaid, authorized: 8400, captured: 5850 },
  captured: { ...unpaid, authorized: 8400, captured: 8400 },
};
const asked = {
  payment_id: ids.payment,
  tender_no: 1,
  gateway: 'stripe',
  method_kind: 'card',
  status: 'processing',
  amount: 8400,
  authorized: 0,
  captured: 0,
  voided: 0,
  refunded: 0,
  capture_pending: 0,
  refund_pending: 0,
  late: false,
} as const;
export const pays = {
  asked,
  declined: { ...asked, status: 'declined' },
  authorized: { ...asked, status: 'authorized', authorized: 8400 },
  capturing: { ...asked, status: 'authorized', authorized: 8400, capture_pending: 5850 },
  captured_in_part: { ...asked, status: 'partially_captured', authorized: 8400, captured: 5850 },
  captured: { ...asked, status: 'captured', authorized: 8400, captured: 8400 },
} as const;
