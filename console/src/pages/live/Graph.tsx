/** The services and who hears whom, as /v1/consumers tells it: lines move while events flow, and redden where somebody is behind. */
import '@xyflow/react/dist/base.css';
import { type Edge, Handle, MarkerType, type Node, type NodeProps, Position, ReactFlow } from '@xyflow/react';
import { type ReactNode, useMemo } from 'react';
import { count, duration, words } from '../../format.ts';
import type { Consumer, Vitals } from '../../types/desk.ts';

interface GraphProps {
  readonly services: readonly Vitals[];
  readonly consumers: readonly Consumer[];
}
type ServiceNode = Node<{ readonly vitals: Vitals }, 'service'>;

/** Money above, goods below, the shop's own in the middle. A service that is not here stands in the last column. */
const places: Readonly<Record<string, { readonly x: number; readonly y: number }>> = {
  orders: { x: 0, y: 130 },
  payments: { x: 310, y: 0 },
  inventory: { x: 310, y: 130 },
  shipping: { x: 310, y: 260 },
  suppliers: { x: 620, y: 130 },
  analytics: { x: 620, y: 260 },
};
/** Behind by more than this is worth a colour: less is a batch under way. */
const behind_events = 100;
const node_types = { service: ServiceBox };

export function Graph({ services, consumers }: GraphProps): ReactNode {
  const nodes = useMemo(
    () =>
      services.map(
        (vitals, index): ServiceNode => ({
          id: vitals.service,
          type: 'service',
          position: places[vitals.service] ?? { x: 620, y: index * 130 },
          data: { vitals },
          draggable: false,
          selectable: false,
          focusable: false,
        }),
      ),
    [services],
  );
  const edges = useMemo(() => edges_of(services, consumers), [services, consumers]);
  return (
    <div className="graph" aria-hidden="true" inert>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={node_types}
        fitView
        fitViewOptions={{ padding: 0.08 }}
        nodesConnectable={false}
        panOnDrag={false}
        zoomOnScroll={false}
        zoomOnPinch={false}
        zoomOnDoubleClick={false}
        preventScrolling={false}
        disableKeyboardA11y
      />
    </div>
  );
}

function edges_of(services: readonly Vitals[], consumers: readonly Consumer[]): Edge[] {
  const rate = new Map(services.map(vitals => [vitals.service, vitals.events_per_s]));
  return consumers
    .filter(consumer => consumer.service !== consumer.source && rate.has(consumer.service) && rate.has(consumer.source))
    .map(({ service, source, events }): Edge => {
      const flows = (rate.get(source) ?? 0) > 0 || events > 0;
      const [from, to] = sides_of(source, service);
      return {
        id: `${source} ${service}`,
        source,
        target: service,
        sourceHandle: `${from} out`,
        targetHandle: `${to} in`,
        animated: flows,
        className: events > behind_events ? 'is-behind' : flows ? 'flows' : '',
        markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14 },
        focusable: false,
      };
    });
}

type Side = 'left' | 'right' | 'top' | 'bottom';

/** Where a line leaves one box and enters the other: sideways between columns, else above and below. */
function sides_of(from: string, to: string): readonly [Side, Side] {
  const a = places[from] ?? { x: 620, y: 0 };
  const b = places[to] ?? { x: 620, y: 0 };
  if (a.x < b.x) return ['right', 'left'];
  if (a.x > b.x) return ['left', 'right'];
  return a.y < b.y ? ['bottom', 'top'] : ['top', 'bottom'];
}

const handles: readonly (readonly [Side, Position])[] = [
  ['left', Position.Left],
  ['right', Position.Right],
  ['top', Position.Top],
  ['bottom', Position.Bottom],
];

function ServiceBox({ data: { vitals } }: NodeProps<ServiceNode>): ReactNode {
  const { service, events_per_s, lag, parked, unknown_operations } = vitals;
  const ill = parked > 0 || unknown_operations > 0;
  return (
    <div className={ill ? 'service-box is-ill' : 'service-box'}>
      {handles.map(([side, position]) => (
        <span key={side}>
          <Handle id={`${side} out`} type="source" position={position} isConnectable={false} />
          <Handle id={`${side} in`} type="target" position={position} isConnectable={false} />
        </span>
      ))}
      <div className="name">
        <span className={`service-${service}`}>●</span> {words(service)}
      </div>
      <div className="number">
        <strong>{events_per_s}</strong> events/s
      </div>
      <div className="small quiet number">
        {lag.events === 0 ? 'up to date' : `${count(lag.events)} behind, ${duration(lag.seconds * 1_000)}`}
      </div>
      {ill && (
        <div className="small">
          {parked > 0 && `${parked} stopped `}
          {unknown_operations > 0 && `${unknown_operations} unknown`}
        </div>
      )}
    </div>
  );
}
