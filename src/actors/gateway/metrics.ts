import { MetricReporters, type MetricRegistry, type ServiceBroker } from 'moleculer';

/** Moleculer's Prometheus reporter without a server of its own: the gateway asks it for the text. */
class PrometheusText extends MetricReporters.Prometheus {
  override init(registry: MetricRegistry): void {
    MetricReporters.Base.prototype.init.call(this, registry);
  }

  override stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** The broker's figures in Prometheus text format; empty when its metrics are off. */
export function createBrokerMetrics(broker: ServiceBroker): () => string {
  if (!broker.isMetricsEnabled()) return () => '';
  const reporter = new PrometheusText();
  reporter.init(broker.metrics);
  return () => reporter.generatePrometheusResponse();
}

/** Joins texts of the Prometheus format; each ends with a line end. */
export const joinMetrics = (texts: readonly string[]): string =>
  texts
    .map((text) => text.trimEnd())
    .filter((text) => text !== '')
    .map((text) => `${text}\n`)
    .join('');
