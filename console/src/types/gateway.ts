/** Keys, staff, the audit log and webhooks, as the API tells them (api.md 1 and 8). */

export interface ApiKey {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly last4: string;
  /** null: all. */
  readonly scopes: readonly string[] | null;
  readonly created_at: string;
  readonly created_by: string;
  readonly revoked_at: string | null;
}
export interface StaffMember {
  readonly id: string;
  readonly username: string;
  readonly role: string;
  readonly active: boolean;
  readonly version: number;
  readonly created_at: string;
}
export const roles = ['admin', 'operator', 'support', 'analyst'];
export const all_scopes = [
  'catalog:read',
  'catalog:write',
  'stock:read',
  'stock:write',
  'quotes:write',
  'orders:read',
  'orders:write',
  'orders:import',
  'payments:read',
  'payments:write',
  'shipments:read',
  'shipments:write',
  'suppliers:read',
  'suppliers:write',
  'analytics:read',
  'operations:read',
  'operations:write',
  'admin',
];

export interface AuditEntry {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly actor_type: string;
  readonly action: string;
  readonly object: string;
  readonly reason: string | null;
  readonly request_id: string;
  /** attempted: nothing tells how it ended. */
  readonly outcome: 'done' | 'attempted';
  readonly hash: string;
}

export interface WebhookEndpoint {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly description: string;
  readonly state: string;
  readonly disabled_reason: string | null;
  readonly disabled_at: string | null;
  readonly failing_since: string | null;
  readonly paused_until: string | null;
  readonly previous_secret_until: string | null;
  readonly created_at: string;
  readonly created_by: string;
}
export interface Delivery {
  readonly id: string;
  readonly event_id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly state: string;
  readonly redelivery: boolean;
  readonly attempts: number;
  readonly next_attempt_at: string | null;
  readonly last_attempt_at: string | null;
  readonly last_status: number | null;
  readonly last_error: string | null;
  readonly last_reply: string | null;
  readonly created_at: string;
  readonly ended_at: string | null;
}
