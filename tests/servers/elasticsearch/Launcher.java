import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.reindex.ReindexPlugin;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.transport.Netty4Plugin;

/** One node of Elasticsearch, without the distribution around it: `java Launcher HOME HTTP_PORT`. Ends with the process. */
public final class Launcher {
  private static final class Embedded extends Node {
    Embedded(Environment environment) {
      super(environment, List.of(Netty4Plugin.class, ReindexPlugin.class), false);
    }
  }

  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[0]);
    Settings settings = Settings.builder()
        .put("path.home", home)
        .put("path.data", home.resolve("data"))
        .put("path.logs", home.resolve("logs"))
        .put("node.name", "test")
        .put("cluster.name", "tests")
        .put("discovery.type", "single-node")
        .put("network.host", "127.0.0.1")
        .put("http.type", "netty4")
        .put("http.port", arguments[1])
        .put("transport.type", "netty4")
        .put("transport.port", "0")
        // A test's disk is nobody's business.
        .put("cluster.routing.allocation.disk.threshold_enabled", false)
        .put("action.auto_create_index", false)
        .put("action.destructive_requires_name", true)
        .build();
    LogConfigurator.setNodeName("test");
    Environment environment =
        InternalSettingsPreparer.prepareEnvironment(settings, Collections.emptyMap(), null, () -> "test");
    Node node = new Embedded(environment);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        node.close();
      } catch (Exception error) {
        error.printStackTrace();
      }
    }));
    node.start();
    System.out.println("started");
    Thread.currentThread().join();
  }
}
