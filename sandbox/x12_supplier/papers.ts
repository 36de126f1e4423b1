/** What this supplier writes about an order: 997, 855, 856, 810. */
import { acknowledge, type OrderLine, price_of, type ShippedLine } from '../supplier/documents.ts';
import { day, type Heard, type Segments } from './edi.ts';

export interface X12Order {
  /** BEG03. */
  readonly reference: string;
  readonly supplier_reference: string;
  /** ISA13 it came under. */
  readonly control: string;
  readonly from: readonly [string, string];
  readonly to: readonly [string, string];
  readonly currency: string;
  readonly lines: readonly OrderLine[];
  readonly state: 'received' | 'acknowledged' | 'shipped' | 'invoiced';
  readonly backorders_shipped: boolean;
  readonly to_invoice: readonly ShippedLine[];
}

/** The order in a set 850, or a text that says what is wrong with it. Money of this supplier has two decimals. */
export function order_in(segments: Segments): Pick<X12Order, 'reference' | 'currency' | 'lines'> | string {
  const reference = segments.find(([id]) => id === 'BEG')?.[3] ?? '';
  const currency = segments.find(([id]) => id === 'CUR')?.[2] ?? 'USD';
  const lines = segments.filter(([id]) => id === 'PO1').map(line_in);
  const good = lines.filter(line => line !== undefined);
  if (reference === '' || reference.length > 22) return 'BEG03';
  return good.length === 0 || good.length < lines.length ? 'PO1' : { reference, currency, lines: good };
}

function line_in(po1: readonly string[]): OrderLine | undefined {
  const [, line_no = '', quantity = '', , price = ''] = po1;
  const code = (qualifier: string) => {
    const at = po1.findIndex((element, index) => index >= 6 && index % 2 === 0 && element === qualifier);
    return at < 0 ? '' : (po1[at + 1] ?? '');
  };
  if (!/^\d{1,6}$/.test(line_no) || !/^[1-9]\d{0,9}$/.test(quantity) || !/^\d{1,12}(\.\d{1,2})?$/.test(price)) return undefined;
  return {
    line_no: Number(line_no),
    supplier_sku: code('VN'),
    sku: code('SK'),
    quantity: Number(quantity),
    cost: Math.round(Number(price) * 100),
  };
}

export function receipt(heard: Heard, accepted: boolean): Segments {
  const sets = heard.sets.flatMap(({ code, control }) => [['AK2', code, control], accepted ? ['AK5', 'A'] : ['AK5', 'R', '5']]);
  const count = String(heard.sets.length);
  return [['AK1', heard.functional, heard.group], ...sets, ['AK9', accepted ? 'A' : 'R', count, count, accepted ? count : '0']];
}

const decimal = (amount: number) => (amount / 100).toFixed(2);
const codes = { accept: 'IA', backorder: 'IB', partial: 'BP', reschedule: 'DR', substitute: 'IS', price: 'IP', reject: 'IR' } as const;

export function acknowledgment({ reference, lines, supplier_reference, currency }: X12Order, now_ms: number, lead_ms: number): Segments {
  const answered = lines.map(line => ({ line, told: acknowledge(line, now_ms, lead_ms) }));
  const changed = answered.some(({ told }) => told.status !== 'accept');
  return [
    ['BAK', '00', changed ? 'AC' : 'AD', reference, day(now_ms), '', '', '', supplier_reference, day(now_ms)],
    ['CUR', 'SE', currency],
    ...answered.flatMap(({ line, told }) => {
      const ack = (code: string, units: number, date: string | undefined, more: readonly string[] = []) => [
        'ACK',
        code,
        String(units),
        'EA',
        ...(date === undefined ? ['', ''] : ['068', day(date)]),
        '',
        ...more,
      ];
      const [first, second] = told.promises;
      const code = codes[told.status];
      const substitute = told.substitute_sku === undefined ? [] : ['VN', told.substitute_sku];
      return [
        po1(line),
        ...(told.cost === undefined ? [] : [['CTP', '', 'CON', decimal(told.cost)]]),
        told.status === 'reject'
          ? ack(code, 0, undefined)
          : ack(code, told.status === 'backorder' ? told.backordered : told.confirmed, first?.promised_at, substitute),
        ...(told.status === 'partial' && second !== undefined ? [ack('IB', told.backordered, second.promised_at)] : []),
      ];
    }),
    ['CTT', String(lines.length)],
  ];
}

function po1({ line_no, quantity, cost, supplier_sku, sku }: OrderLine): readonly string[] {
  return ['PO1', String(line_no), String(quantity), 'EA', decimal(cost), 'PE', 'VN', supplier_sku, 'SK', sku];
}

export function ship_notice(
  order: X12Order,
  shipped: readonly ShippedLine[],
  named: { notice: string; tracking: string },
  now_ms: number,
  arrival: number,
): Segments {
  return [
    ['BSN', '00', named.notice, day(now_ms), '1200', '0001'],
    ['HL', '1', '', 'S'],
    ['TD5', '', '2', 'SBFR', '', 'SANDBOX FREIGHT'],
    ['REF', 'CN', named.tracking],
    ['DTM', '011', day(now_ms)],
    ['DTM', '017', day(arrival), new Date(arrival).toISOString().slice(11, 16).replace(':', '')],
    ['HL', '2', '1', 'O'],
    ['PRF', order.reference],
    ['HL', '3', '2', 'P'],
    ['MAN', 'GM', '00000000000000000000'],
    ...shipped.flatMap(({ line_no, quantity }, place) => {
      const { supplier_sku = '', sku = '' } = order.lines.find(line => line.line_no === line_no) ?? {};
      return [
        ['HL', String(place + 4), '3', 'I'],
        ['LIN', String(line_no), 'VN', supplier_sku, 'SK', sku],
        ['SN1', String(line_no), String(quantity), 'EA'],
      ];
    }),
    ['CTT', String(shipped.length)],
  ];
}

export function invoice(order: X12Order, number: string, now_ms: number): Segments {
  const billed = order.to_invoice.flatMap(({ line_no, quantity }) => {
    const line = order.lines.find(one => one.line_no === line_no);
    return line === undefined ? [] : [{ line, quantity, price: price_of(line) }];
  });
  const total = billed.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
  return [
    ['BIG', day(now_ms), number, '', order.reference],
    ['CUR', 'SE', order.currency],
    ...billed.map(({ line, quantity, price }) => [
      'IT1',
      String(line.line_no),
      String(quantity),
      'EA',
      decimal(price),
      '',
      'VN',
      line.supplier_sku,
      'SK',
      line.sku,
    ]),
    ['TDS', String(total)],
    ['CTT', String(billed.length)],
  ];
}
