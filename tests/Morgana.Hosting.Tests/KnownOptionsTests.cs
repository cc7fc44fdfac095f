using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Morgana.Hosting.Tests;

/// <summary>A web application's options, written out so that an image need not build their types: they behave as those that the platform registers.</summary>
public class KnownOptionsTests
{
    [Fact]
    public void Options_are_configured_as_the_platform_would()
    {
        var builder = Builder();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.Services.AddKnownOptions().RemoveIdleMetrics();
        // Before and after: all of them count.
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout *= 7);
        builder.Services.PostConfigure<FormOptions>(o => o.KeyLengthLimit = 5);
        builder.Services.Configure<KestrelServerOptions>(o => o.AddServerHeader = false);
        builder.Services.AddSingleton<IValidateOptions<FormOptions>>(new ValidateOptions<FormOptions>(null, o => o.KeyLengthLimit == 5, "no"));
        using var services = builder.Services.BuildServiceProvider();
        Assert.Equal(TimeSpan.FromSeconds(7), services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
        Assert.Same(services.GetRequiredService<IOptions<HostOptions>>().Value, services.GetRequiredService<IOptions<HostOptions>>().Value);
        Assert.Equal(5, services.GetRequiredService<IOptions<FormOptions>>().Value.KeyLengthLimit);
        Assert.False(services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.AddServerHeader);
        // What is not written out is as ever.
        Assert.NotNull(services.GetRequiredService<IOptionsMonitor<HostOptions>>().CurrentValue);
    }

    [Fact]
    public void What_is_wrong_is_found_when_it_is_asked_for()
    {
        var builder = Builder();
        builder.Services.AddKnownOptions();
        builder.Services.AddSingleton<IValidateOptions<FormOptions>>(new ValidateOptions<FormOptions>(null, _ => false, "never"));
        using var services = builder.Services.BuildServiceProvider();
        var options = services.GetRequiredService<IOptions<FormOptions>>();
        Assert.Throws<OptionsValidationException>(() => options.Value);
    }

    [Fact]
    public void A_filter_of_logs_that_changes_is_heard_of()
    {
        var builder = Builder();
        var level = LogLevel.Error;
        var source = new Reload();
        builder.Services.AddKnownOptions();
        builder.Services.Configure<LoggerFilterOptions>(o => o.MinLevel = level);
        builder.Services.AddSingleton<IOptionsChangeTokenSource<LoggerFilterOptions>>(source);
        using var services = builder.Services.BuildServiceProvider();
        var monitor = services.GetRequiredService<IOptionsMonitor<LoggerFilterOptions>>();
        Assert.Equal(LogLevel.Error, monitor.CurrentValue.MinLevel);
        level = LogLevel.Debug;
        source.Signal();
        Assert.Equal(LogLevel.Debug, monitor.CurrentValue.MinLevel);
    }

    [Fact]
    public void Nobody_looks_for_listeners_to_metrics_when_there_are_none()
    {
        var builder = Builder();
        Assert.Contains(builder.Services, s => s.ServiceType == typeof(IStartupValidator));
        builder.Services.RemoveIdleMetrics();
        Assert.DoesNotContain(builder.Services, s => s.ServiceType == typeof(IStartupValidator));
        // Who adds one later brings it back.
        builder.Services.AddMetrics(metrics => metrics.AddListener<Listener>());
        Assert.Contains(builder.Services, s => s.ServiceType == typeof(IStartupValidator));
    }

    [Fact]
    public void A_listener_to_metrics_and_options_that_are_validated_stay()
    {
        var builder = Builder();
        builder.Services.AddOptions<FormOptions>().Validate(o => o.KeyLengthLimit < 0, "never").ValidateOnStart();
        builder.Services.RemoveIdleMetrics();
        using var services = builder.Services.BuildServiceProvider();
        Assert.Throws<OptionsValidationException>(services.GetRequiredService<IStartupValidator>().Validate);

        var listening = Builder();
        listening.Services.AddMetrics(metrics => metrics.AddListener<Listener>());
        listening.Services.RemoveIdleMetrics();
        Assert.Contains(listening.Services, s => s.ServiceType == typeof(IStartupValidator));
    }

    private static WebApplicationBuilder Builder() => WebApplication.CreateEmptyBuilder(new());

    private sealed class Reload : IOptionsChangeTokenSource<LoggerFilterOptions>
    {
        private CancellationTokenSource _source = new();

        public string? Name => Options.DefaultName;

        public Microsoft.Extensions.Primitives.IChangeToken GetChangeToken() => new Microsoft.Extensions.Primitives.CancellationChangeToken(_source.Token);

        public void Signal()
        {
            using var old = _source;
            _source = new();
            old.Cancel();
        }
    }

    private sealed class Listener : IMetricsListener
    {
        public string Name => "none";

        public void Initialize(IObservableInstrumentsSource source)
        {
        }

        public bool InstrumentPublished(System.Diagnostics.Metrics.Instrument instrument, out object? userState)
        {
            userState = null;
            return false;
        }

        public void MeasurementsCompleted(System.Diagnostics.Metrics.Instrument instrument, object? userState)
        {
        }

        public MeasurementHandlers GetMeasurementHandlers() => new();
    }
}
