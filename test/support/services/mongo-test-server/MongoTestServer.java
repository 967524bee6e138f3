import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.util.List;
import org.h2.mvstore.MVStore;

/** A server that speaks MongoDB's wire protocol, for tests: arguments PORT (0 for a free one) and FILE. */
public class MongoTestServer {
  private static final List<String> READS =
      List.of("find", "aggregate", "count", "distinct", "getMore", "hello", "isMaster", "ismaster", "ping", "buildInfo");

  /** What was acknowledged is in the file, so that it outlives a kill of this process. */
  private static class DurableBackend extends H2Backend {
    DurableBackend(MVStore store) {
      super(store);
    }

    @Override
    public Document handleMessage(MongoMessage message) {
      Document answer = super.handleMessage(message);
      if (!READS.contains(message.getDocument().keySet().iterator().next())) commit();
      return answer;
    }
  }

  public static void main(String[] args) throws Exception {
    MVStore store = new MVStore.Builder().fileName(args[1]).autoCommitDisabled().open();
    H2Backend backend = new DurableBackend(store);
    backend.version(new MongoVersion() {
      public List<Integer> getVersionArray() {
        return List.of(4, 4, 0);
      }

      public int getWireVersion() { // what the driver asks for; adds no features
        return 9;
      }
    });
    MongoServer server = new MongoServer(backend);
    server.bind("127.0.0.1", Integer.parseInt(args[0]));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      server.shutdownNow();
      store.close();
    }));
    System.out.println("ready " + server.getLocalAddress().getPort());
    Thread.sleep(Long.MAX_VALUE);
  }
}
