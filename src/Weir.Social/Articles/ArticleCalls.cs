using Weir.Social.Articles.Pages;
using Weir.Social.Throttling;

namespace Weir.Social.Articles;

/// <summary>What one editor may ask for in a time.</summary>
internal sealed class ArticleThrottle(TimeProvider clock)
{
    public AttemptLimiter Previews { get; } = new(clock, 30, TimeSpan.FromSeconds(1));
}

/// <summary><c>/api/articles</c> and the articles' part of <c>/api/official</c>.</summary>
internal static class ArticleCalls
{
    public static void AddServices(IServiceCollection services)
    {
        services.AddScoped<ArticleEntrance>().AddScoped<ArticlePageSource>();
        services.AddSingleton<RenderTurns>().AddSingleton<RenderedArticles>().AddSingleton<ArticleThrottle>().AddSingleton<RenderCheck>();
        services.AddSingleton<ArticlePages>().AddSingleton<ReadCounter>();
        services.AddHostedService(provider => provider.GetRequiredService<ReadCounter>());
    }

    public static void Map(RouteGroupBuilder api, RouteGroupBuilder official)
    {
        var articles = api.MapGroup("/articles").WithTags("Articles");
        DraftCalls.Map(official, articles);
        PublishArticle.Map(articles);
        ReadArticles.Map(official, articles);
        SendArticles.Map(official, articles);
    }
}
