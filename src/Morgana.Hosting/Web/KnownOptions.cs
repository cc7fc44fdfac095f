using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Morgana.Hosting;

/// <summary>The options that every web application asks for, registered as what they are rather than as an open generic.</summary>
/// <remarks>
/// <c>services.AddOptions()</c> registers <c>IOptions&lt;&gt;</c>. For each type of options that is asked for, an image then builds some seventy
/// types while it starts: the manager, the factory, three collections, their interfaces. What is written out here the compiler has built. It
/// behaves the same; that an application would replace the open generics of these types is the one thing that it does not hear of.
/// </remarks>
internal static class KnownOptions
{
    public static IServiceCollection AddKnownOptions(this IServiceCollection services) => services
        .Add<KestrelServerOptions>().Add<HostOptions>().Add<FormOptions>().AddMonitored<LoggerFilterOptions>().Add<LoggerFactoryOptions>();

    /// <summary>Takes away what looks for listeners to metrics when the host starts, unless there is one, or something else is looked at then.</summary>
    /// <remarks>Whoever adds a listener later does so by <c>AddMetrics</c>, and options to be validated by <c>ValidateOnStart</c>: both bring it back.</remarks>
    public static IServiceCollection RemoveIdleMetrics(this IServiceCollection services)
    {
        if (services.Any(s => s.ServiceType == typeof(IMetricsListener)) || !services.Where(IsStartupCheck).All(IsOfMetrics)) return services;
        if (services.FirstOrDefault(s => s.ServiceType == typeof(IStartupValidator)) is { } validator) services.Remove(validator);
        return services;
    }

    // Each ValidateOnStart configures the list of what is to be validated, whose type is internal.
    private static bool IsStartupCheck(ServiceDescriptor service) =>
        service.ServiceType is { IsConstructedGenericType: true } type && type.Name == "IConfigureOptions`1" && type.GenericTypeArguments[0].Name == "StartupValidatorOptions";

    // Metrics do it with options that nobody configures, for the sake of being called. What looks otherwise is taken for somebody else's.
    private static bool IsOfMetrics(ServiceDescriptor service) =>
        service.ImplementationFactory?.Target?.GetType() is { IsConstructedGenericType: true } closure
        && closure.GenericTypeArguments is [_, { IsConstructedGenericType: true } monitor] && monitor.GenericTypeArguments[0].Name == "NoOpOptions";

    private static IServiceCollection Add<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] T>(this IServiceCollection services)
        where T : class =>
        services
            .AddSingleton<IOptionsFactory<T>>(s => new OptionsFactory<T>(
                s.GetServices<IConfigureOptions<T>>(), s.GetServices<IPostConfigureOptions<T>>(), s.GetServices<IValidateOptions<T>>()))
            .AddSingleton<IOptions<T>>(s => new OptionsManager<T>(s.GetRequiredService<IOptionsFactory<T>>()));

    private static IServiceCollection AddMonitored<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] T>(this IServiceCollection services)
        where T : class =>
        services.Add<T>().AddSingleton<IOptionsMonitor<T>>(s => new OptionsMonitor<T>(
            s.GetRequiredService<IOptionsFactory<T>>(), s.GetServices<IOptionsChangeTokenSource<T>>(), new OptionsCache<T>()));
}
