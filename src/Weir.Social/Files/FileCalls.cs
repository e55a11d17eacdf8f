namespace Weir.Social.Files;

/// <summary><c>/api/files</c>, put together.</summary>
internal static class FileCalls
{
    public static void AddServices(IServiceCollection services, SocialOptions options)
    {
        services.AddSingleton(FileLimits.Of(options));
        services.AddSingleton<UploadThrottle>().AddSingleton<FileStore>().AddSingleton<Pictures>().AddSingleton<FileSweep>();
        services.AddHostedService(provider => provider.GetRequiredService<FileSweep>());
    }

    public static void Map(RouteGroupBuilder api)
    {
        var files = api.MapGroup("/files").WithTags("Files");
        UploadFile.Map(files);
        DownloadFile.Map(files);
        MyAvatar.Map(api);
    }
}
