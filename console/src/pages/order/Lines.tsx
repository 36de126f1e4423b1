/** What was ordered and how far each line has come. */
import type { ReactNode } from 'react';
import { Card } from '../../components/Page.tsx';
import { Scroll } from '../../components/Scroll.tsx';
import { Money, Time } from '../../components/Value.tsx';
import type { Order, OrderLine } from '../../types/orders.ts';

export function Lines({ order }: { readonly order: Order }): ReactNode {
  return (
    <Card title="Lines" flush>
      <Scroll label="Lines">
        <table className="table">
          <caption className="hidden">Lines of the order</caption>
          <thead>
            <tr>
              <th scope="col">Product</th>
              <th scope="col" className="end">
                Quantity
              </th>
              <th scope="col" className="wide-only">
                Where they are
              </th>
              <th scope="col" className="end wide-only">
                Each
              </th>
              <th scope="col" className="end">
                Total
              </th>
            </tr>
          </thead>
          <tbody>
            {order.lines.map(line => (
              <tr key={line.id}>
                <td className="wrap">
                  <div>{line.name}</div>
                  <div className="small quiet mono">{line.sku}</div>
                </td>
                <td className="end">{line.quantity}</td>
                <td className="wide-only small">
                  {whereabouts(line)}
                  {line.promise_date !== null && (
                    <div className="quiet">
                      promised <Time at={line.promise_date} />
                    </div>
                  )}
                </td>
                <td className="end wide-only">
                  <Money amount={line.unit_price} currency={order.currency} />
                </td>
                <td className="end">
                  <Money amount={line.total} currency={order.currency} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Card>
  );
}

/** The counters of a line that are not zero; delivered units were shipped, so only the farther word is said. */
function whereabouts(line: OrderLine): string {
  const steps: readonly (readonly [number, string])[] = [
    [line.quantity_allocated, 'allocated'],
    [line.quantity_backordered, 'backordered'],
    [line.quantity_shipped - line.quantity_delivered, 'on the way'],
    [line.quantity_delivered - line.quantity_returned, 'delivered'],
    [line.quantity_returned, 'returned'],
    [line.quantity_cancelled, 'cancelled'],
  ];
  const said = steps.filter(([quantity]) => quantity > 0).map(([quantity, word]) => `${quantity} ${word}`);
  return said.length === 0 ? 'not yet allocated' : said.join(', ');
}

/** Units that can still be cancelled: what was neither cancelled nor handed to a carrier. */
export const cancellable = (line: OrderLine): number => line.quantity - line.quantity_cancelled - line.quantity_shipped;
export const returnable = (line: OrderLine): number => line.quantity_delivered - line.quantity_returned;
