import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.lucene.analysis.Analyzer;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.reindex.ReindexPlugin;
import org.elasticsearch.index.analysis.AnalyzerProvider;
import org.elasticsearch.index.analysis.AnalyzerScope;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.transport.Netty4Plugin;

/**
 * One node of Elasticsearch, without the distribution around it: `java Launcher HOME HTTP_PORT`. Ends with the process. The module with
 * the analyzers of languages is not published, so they are registered here, from the same classes of Lucene.
 */
public final class Launcher {
  private static final class Embedded extends Node {
    Embedded(Environment environment) {
      super(environment, List.of(Netty4Plugin.class, ReindexPlugin.class, Languages.class), false);
    }
  }

  public static final class Languages extends Plugin implements AnalysisPlugin {
    @Override
    public Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> getAnalyzers() {
      return Map.ofEntries(
        Map.entry("arabic", analyzer(org.apache.lucene.analysis.ar.ArabicAnalyzer::new)),
        Map.entry("armenian", analyzer(org.apache.lucene.analysis.hy.ArmenianAnalyzer::new)),
        Map.entry("basque", analyzer(org.apache.lucene.analysis.eu.BasqueAnalyzer::new)),
        Map.entry("bengali", analyzer(org.apache.lucene.analysis.bn.BengaliAnalyzer::new)),
        Map.entry("bulgarian", analyzer(org.apache.lucene.analysis.bg.BulgarianAnalyzer::new)),
        Map.entry("catalan", analyzer(org.apache.lucene.analysis.ca.CatalanAnalyzer::new)),
        Map.entry("cjk", analyzer(org.apache.lucene.analysis.cjk.CJKAnalyzer::new)),
        Map.entry("czech", analyzer(org.apache.lucene.analysis.cz.CzechAnalyzer::new)),
        Map.entry("danish", analyzer(org.apache.lucene.analysis.da.DanishAnalyzer::new)),
        Map.entry("dutch", analyzer(org.apache.lucene.analysis.nl.DutchAnalyzer::new)),
        Map.entry("english", analyzer(org.apache.lucene.analysis.en.EnglishAnalyzer::new)),
        Map.entry("estonian", analyzer(org.apache.lucene.analysis.et.EstonianAnalyzer::new)),
        Map.entry("finnish", analyzer(org.apache.lucene.analysis.fi.FinnishAnalyzer::new)),
        Map.entry("french", analyzer(org.apache.lucene.analysis.fr.FrenchAnalyzer::new)),
        Map.entry("galician", analyzer(org.apache.lucene.analysis.gl.GalicianAnalyzer::new)),
        Map.entry("german", analyzer(org.apache.lucene.analysis.de.GermanAnalyzer::new)),
        Map.entry("greek", analyzer(org.apache.lucene.analysis.el.GreekAnalyzer::new)),
        Map.entry("hindi", analyzer(org.apache.lucene.analysis.hi.HindiAnalyzer::new)),
        Map.entry("hungarian", analyzer(org.apache.lucene.analysis.hu.HungarianAnalyzer::new)),
        Map.entry("indonesian", analyzer(org.apache.lucene.analysis.id.IndonesianAnalyzer::new)),
        Map.entry("irish", analyzer(org.apache.lucene.analysis.ga.IrishAnalyzer::new)),
        Map.entry("italian", analyzer(org.apache.lucene.analysis.it.ItalianAnalyzer::new)),
        Map.entry("latvian", analyzer(org.apache.lucene.analysis.lv.LatvianAnalyzer::new)),
        Map.entry("lithuanian", analyzer(org.apache.lucene.analysis.lt.LithuanianAnalyzer::new)),
        Map.entry("norwegian", analyzer(org.apache.lucene.analysis.no.NorwegianAnalyzer::new)),
        Map.entry("persian", analyzer(org.apache.lucene.analysis.fa.PersianAnalyzer::new)),
        Map.entry("portuguese", analyzer(org.apache.lucene.analysis.pt.PortugueseAnalyzer::new)),
        Map.entry("romanian", analyzer(org.apache.lucene.analysis.ro.RomanianAnalyzer::new)),
        Map.entry("russian", analyzer(org.apache.lucene.analysis.ru.RussianAnalyzer::new)),
        Map.entry("spanish", analyzer(org.apache.lucene.analysis.es.SpanishAnalyzer::new)),
        Map.entry("swedish", analyzer(org.apache.lucene.analysis.sv.SwedishAnalyzer::new)),
        Map.entry("thai", analyzer(org.apache.lucene.analysis.th.ThaiAnalyzer::new)),
        Map.entry("turkish", analyzer(org.apache.lucene.analysis.tr.TurkishAnalyzer::new)));
    }

    private static AnalysisProvider<AnalyzerProvider<? extends Analyzer>> analyzer(Supplier<Analyzer> make) {
      return (index, environment, name, settings) -> new AnalyzerProvider<Analyzer>() {
        private final Analyzer analyzer = make.get();

        @Override
        public String name() {
          return name;
        }

        @Override
        public AnalyzerScope scope() {
          return AnalyzerScope.INDEX;
        }

        @Override
        public Analyzer get() {
          return analyzer;
        }
      };
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
