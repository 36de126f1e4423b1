/** The command line. Every command is one function elsewhere; this file only names them. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { behind_settings, gateway_settings, read_settings, service_list, setting_rows } from './main/settings.ts';

const version = '0.1.0';

/** Runs a command; known failures become one readable message and exit code 1, bugs keep their stack. */
async function run(command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    const { code, message, stack } = error as { code?: string; message?: string; stack?: string };
    console.error(code === undefined ? `\n  ${stack ?? message}` : `\n  ${message?.replaceAll('\n', '\n  ')}\n  (${code})`);
    process.exitCode = 1;
  }
  // Pools and timers of a failed start must not keep the process.
  process.exit();
}

const start_help = `
  start orders payments                     their routes, to anybody who may
  start orders payments --behind-gateway    their routes, to the gateway only
  start gateway                             the public door; ORDERS_URL, INVENTORY_URL, … say where the services are
`;

function check_start(services: readonly string[], { door, behindGateway }: { door: boolean; behindGateway?: true }): void {
  const wrong = (code: string, message: string) => Object.assign(new Error(message), { code });
  const known: readonly string[] = ['gateway', ...service_list];
  const unknown = services.filter(service => !known.includes(service));
  if (unknown.length > 0) throw wrong('unknown_service', `no service is called ${unknown.join(', ')}; there are ${known.join(', ')}`);
  if (services.includes('gateway') && (services.length > 1 || !door || behindGateway))
    throw wrong('gateway_alone', 'the gateway is a process of its own, with a door and nothing behind it: node main.ts start gateway');
  if (!door && behindGateway)
    throw wrong('no_door', 'without a door there is nothing behind a gateway: leave --no-door or --behind-gateway out');
}

function port_number(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('A port is a number from 0 to 65535.');
}

function archive_day(text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new InvalidArgumentError('A day is written as 2026-01-31.');
}

const program = new Command('cartwright')
  .description('The open checkout backend: everything between the Pay button and the parcel at the door.')
  .version(version)
  .showHelpAfterError()
  .addHelpText(
    'after',
    () => `\nSettings (environment):\n${setting_rows.map(row => `  ${row.name.padEnd(28)} ${row.meaning} [${row.preset}]`).join('\n')}\n`,
  );

program
  .command('up', { isDefault: true })
  .description('everything in one process, on an embedded PostgreSQL, with stand-ins of every third party')
  .action(() => run(async () => (await import('./main/up.ts')).up(read_settings(process.env))));

program
  .command('start')
  .description('some services in a process of their own, against the same database')
  .argument('<services...>', `gateway alone, or some of ${service_list.join(', ')}`)
  .option('--no-door', 'serve no routes, only work')
  .option('--behind-gateway', 'serve the routes to `start gateway` only, by CARTWRIGHT_INTERNAL_SECRET')
  .addHelpText('after', start_help)
  .action((services: string[], options: { door: boolean; behindGateway?: true }) =>
    run(async () => {
      check_start(services, options);
      const settings = read_settings(process.env);
      // Before anything is loaded and any database started.
      if (services.includes('gateway')) gateway_settings(settings);
      if (options.behindGateway) behind_settings(settings);
      const { start, start_gateway } = await import('./main/up.ts');
      if (services.includes('gateway')) return start_gateway(settings);
      return start(settings, services, options.door ? (options.behindGateway ? 'inner' : 'own') : 'none');
    }),
  );

program
  .command('migrate')
  .description('create or bring up to date the schemas, roles and grants, then leave')
  .action(() => run(async () => (await import('./main/maintenance.ts')).migrate_only(read_settings(process.env))));

program
  .command('order')
  .description('place an order and show each event as it happens')
  .addOption(new Option('--gateway <gateway>', 'payment gateway').choices(['stripe', 'cybersource', 'manual']).default('stripe'))
  .option('--method <method>', 'the gateway’s payment method (preset: a test card that is good)')
  .addOption(
    new Option('--carrier <carrier>', 'the carrier you would like (preset: the cheapest that keeps the promise)').choices([
      'easypost',
      'purolator',
    ]),
  )
  .option('--quantity <units>', 'units of the first line', '2')
  .option('--url <url>', 'where Cartwright listens')
  .option('--timeout <seconds>', 'give up waiting', '60')
  .action((options: { gateway: string; method?: string; carrier?: string; quantity: string; url?: string; timeout: string }) =>
    run(async () => {
      const settings = read_settings(process.env);
      const key = await (await import('./main/demo_keys.ts')).demo_key(settings);
      const { show_order } = await import('./main/order.ts');
      return show_order({
        url: options.url ?? settings.public_url,
        key,
        gateway: options.gateway,
        ...(options.method === undefined ? {} : { method: options.method }),
        ...(options.carrier === undefined ? {} : { carrier: options.carrier }),
        quantity: Number(options.quantity),
        timeout_s: Number(options.timeout),
      });
    }),
  );

program
  .command('build')
  .description('build the pages of the console and the shop, where their sources changed (up does it by itself)')
  .action(() => run(async () => ((await (await import('./main/pages.ts')).build_pages(line => console.log(line))) ? 0 : 1)));

program
  .command('audit')
  .description('check the invariants against the tables, the logs and the stand-ins’ own ledgers')
  .action(() => run(async () => (await import('./main/maintenance.ts')).audit_once(read_settings(process.env))));

program
  .command('doctor')
  .description('look at settings, databases, ports and third parties, change nothing, and say what is wrong and what to do next')
  .action(() => run(async () => (await import('./main/doctor.ts')).doctor(process.env, line => console.log(line))));

program
  .command('sandbox')
  .description('stand-ins of third parties alone, for clients of yours; until Ctrl-C')
  .argument('[names...]', 'stripe, cybersource, easypost, purolator, supplier, x12_supplier; none: all')
  .option('--port <port>', 'of the first, the others follow; 0: any free ones', port_number)
  .option('--webhook <name=url>', 'where the webhooks of one go; once for each', (text: string, before: string[] = []) => [...before, text])
  .option('--ledger <folder>', 'keep what happened there from one start to the next')
  .action((names: string[], options: { port?: number; webhook?: string[]; ledger?: string }) =>
    run(async () =>
      (await import('./main/sandbox_alone.ts')).sandbox_alone(read_settings(process.env), {
        names,
        webhooks: options.webhook ?? [],
        ...(options.port === undefined ? {} : { port: options.port }),
        ...(options.ledger === undefined ? {} : { ledger_folder: options.ledger }),
      }),
    ),
  );

program
  .command('replay')
  .description('run a retailer’s history through the platform under the simulated clock')
  .argument('<file>', 'a .parquet or .csv file with the columns of the Online Retail data set')
  .option('--rows <count>', 'only the first rows')
  .action((file: string, options: { rows?: string }) =>
    run(async () =>
      (await import('./main/replay/replay.ts')).replay(
        read_settings(process.env),
        file,
        options.rows === undefined ? {} : { rows_max: Number(options.rows) },
      ),
    ),
  );

program
  .command('demo')
  .description('a shop with a past to look at: a retailer’s year from its file, or a month that is made up; then everything starts on it')
  .argument('[file]', 'as for replay')
  .action((file: string | undefined) => run(async () => (await import('./main/demo.ts')).demo(read_settings(process.env), file)));

program
  .command('rebuild')
  .description(
    'make the facts of analytics again from the logs and the archive, compare row by row, and put them in place when none differs',
  )
  .option('--force', 'put them in place also when some differ')
  .action((options: { force?: true }) =>
    run(async () => (await import('./main/rebuild.ts')).rebuild(read_settings(process.env), { force: options.force === true })),
  );

program
  .command('archive')
  .description('write the oldest part of each log as Parquet files into the data folder')
  .requiredOption('--before <day>', 'what happened earlier than this day (UTC), 2026-01-31 say', archive_day)
  .option(
    '--drop',
    'then take orders, quotes and purchase orders that ended before that day out of the logs; only the archive has them then',
  )
  .action(({ before, drop }: { before: string; drop?: true }) =>
    run(async () => (await import('./main/maintenance.ts')).archive(read_settings(process.env), { before, drop: drop === true })),
  );

program
  .command('adopt')
  .description('after a failover or restore: say that the logs and positions now belong to this cluster')
  .argument('<service>', `gateway, ${service_list.join(', ')}`)
  .action((service: string) => run(async () => (await import('./main/maintenance.ts')).adopt(read_settings(process.env), service)));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode;
}
